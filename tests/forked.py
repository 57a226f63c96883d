"""Functions and commands in processes of their own, forked from one that has imported TensorFlow and computed nothing.

A fork saves the seconds of the import, and its memory is returned when it ends.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tensorflow_probability", "absl.app", "vaezoo.zoo", "vaezoo.serving"])


def call(function, *arguments, **environment):
    """What a function of a module returns, or raises, in a process of its own with some environment variables."""
    with ProcessPoolExecutor(1, CONTEXT, set_environment, (environment,)) as process:
        return process.submit(function, *arguments).result()


def set_environment(variables):
    os.environ.update(variables)


def python(*command, cwd):
    """As subprocess.run([sys.executable, *command], capture_output=True, text=True): a file, or "-m" and a module."""
    with tempfile.TemporaryDirectory() as folder:
        output = [Path(folder, name) for name in ("stdout", "stderr")]
        code = call(run, [str(part) for part in command], cwd, *output)
        return subprocess.CompletedProcess(command, code, *(file.read_text() for file in output))


def run(command, folder, stdout, stderr):
    """The exit code of a command, whose output goes to two files."""
    os.chdir(folder)
    for number, file in enumerate((stdout, stderr), start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    execute = runpy.run_module if command[0] == "-m" else runpy.run_path
    sys.argv = command[command[0] == "-m" :]
    sys.path[0] = str(folder if command[0] == "-m" else Path(sys.argv[0]).parent)
    try:
        execute(sys.argv[0], run_name="__main__")
        return 0
    except SystemExit as stopped:
        if isinstance(stopped.code, str):
            print(stopped.code, file=sys.stderr)
        return stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush(), sys.stderr.flush()
