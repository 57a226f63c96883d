"""Runs the page's scripts in Node.js."""

import json
import shutil
import subprocess

import pytest

from vaezoo.explore import document

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed.")


def run(expression, argument):
    """Evaluates an asynchronous JavaScript expression of `given`, after the scripts that need no browser."""
    core = "\n".join(document.read(name) for name in ("layers.js", "packing.js", "model.js", "sprites.js"))
    program = f"""
        {core}
        const given = JSON.parse(require("fs").readFileSync(0));
        (async () => {{ console.log(JSON.stringify(await ({expression}))); }})();
    """
    done = subprocess.run(["node", "-e", program], input=json.dumps(argument), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
