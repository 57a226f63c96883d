"""The command `vaezoo`: which command it runs, and what it costs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import forked
import pytest

from vaezoo.cli import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("asked", ["--help", "-h", "help"])
def test_help_names_every_command(asked, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vaezoo", asked])
    main.main()
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in main.COMMANDS)


@pytest.mark.parametrize(
    "arguments, words", [([], "usage: vaezoo <command>"), (["trian"], "unknown command 'trian'. Did you mean 'train'?")]
)
def test_no_command_and_an_unknown_one_are_refused(arguments, words, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["vaezoo", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert words in stopped.value.code and "usage: vaezoo <command>" in stopped.value.code


def test_help_costs_no_tensorflow():
    script = "import sys; from vaezoo.cli.main import main; sys.argv = ['vaezoo', '--help']; main(); "
    script += "print({'tensorflow', 'keras', 'absl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "set()", done.stderr


@pytest.mark.parametrize(
    "command, own, foreign",
    [
        ("train", ["--model:", "--export_dir:"], "--max_batch:"),
        ("evaluate", ["--metrics:", "--bootstrap:"], "--model:"),
        ("export", ["--keep:", "--max_batch:"], "--model:"),
        ("publish", ["--folder:", "--keep:"], "--model:"),
    ],
)
def test_a_commands_help_is_of_its_flags_alone(command, own, foreign):
    done = forked.python("-m", "vaezoo", command, "--help", cwd=ROOT)
    assert all(flag in done.stdout for flag in own) and foreign not in done.stdout, done.stderr
    assert f"vaezoo {command}" in done.stdout and done.stderr == ""


def test_a_signal_before_the_first_line_ends_the_process_in_one_line(tmp_path):
    command = [sys.executable, str(ROOT / "train_main.py"), "--model=vae"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        handlers = Path(f"/proc/{process.pid}/status")
        bit = 1 << (signal.SIGTERM - 1)
        while not int(handlers.read_text().partition("SigCgt:")[2].split()[0], 16) & bit and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        output, errors = process.communicate()
    assert (process.returncode, output, errors) == (143, "", "train_main.py: stopped by SIGTERM.\n")
    assert list(tmp_path.iterdir()) == []
