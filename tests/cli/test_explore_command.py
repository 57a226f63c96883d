"""The command `vaezoo explore`."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

import forked
import numpy as np
import pytest
from small import small_model

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def run(tmp_path_factory, images):
    """The folder of a run on images in a file."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "run").mkdir()
    np.savez(folder / "shapes.npz", images=images, labels=np.arange(48) % 3)
    small_model("vae").save(folder / "run" / "model.keras")
    config = {"model": "vae", "dataset": str(folder / "shapes.npz")}
    (folder / "run" / "config.json").write_text(json.dumps(config))
    return folder / "run"


def test_a_page_is_written_and_its_path_is_printed(run, tmp_path):
    done = forked.python("-m", "vaezoo", "explore", f"--run={run}", f"--run={run}", "--images=40", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"explore\.html \(0\.\d MB\)\n", done.stdout)
    page = (tmp_path / "explore.html").read_text()
    assert page.count('"images":40') == 2


@pytest.mark.parametrize(
    "flags, words",
    [
        ([], "--run=<folder or .keras file> or --preset=<name> is needed"),
        (["--preset=imae_mnis"], "Did you mean 'imae_mnist'"),
        (["--run={run}", "--serve", "--out=a.html"], "Give --out or --serve"),
        (["--run={run}", "--port=1"], "--port is the port of --serve"),
        (["--run=nowhere"], "There is no nowhere"),
        (["--run={run}", "more"], "'more'"),
    ],
)
def test_the_impossible_is_refused_in_one_line(flags, words, run, tmp_path):
    arguments = [flag.format(run=run) for flag in flags]
    done = forked.python("-m", "vaezoo", "explore", *arguments, cwd=tmp_path)
    assert done.returncode == 1 and words in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_server_answers_until_it_is_stopped(run, tmp_path):
    command = [sys.executable, "-m", "vaezoo", "explore", f"--run={run}", "--serve", "--images=40"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        line = process.stdout.readline()
        address = re.match(r"http://127\.0\.0\.1:\d+/", line)[0]
        with urllib.request.urlopen(address) as answer:
            assert b"Latent explorer" in answer.read()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.endswith("stopped by SIGINT.\n")
    assert list(tmp_path.iterdir()) == []
