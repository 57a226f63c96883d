"""Writes that are killed or fail, and locks on folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vaezoo.durable import check_writable, folder_lock, remove_abandoned, replaced_file, replaced_folder, write_text


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    file = tmp_path / "notes[1].txt"
    write_text(file, "old")
    with pytest.raises(KeyboardInterrupt), replaced_file(file) as staging:
        staging.write_text("half")
        raise KeyboardInterrupt
    assert file.read_text() == "old" and os.listdir(tmp_path) == ["notes[1].txt"]
    with replaced_file(file) as staging:
        assert staging.suffix == ".txt"
        staging.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new" and os.listdir(tmp_path) == ["notes[1].txt"]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "a" / "3"
    with replaced_folder(folder) as staging:
        (staging / "x").write_text("old")
    with pytest.raises(SystemExit), replaced_folder(folder) as staging:
        (staging / "y").write_text("half")
        raise SystemExit
    assert [file.name for file in folder.iterdir()] == ["x"] and os.listdir(folder.parent) == ["3"]
    with replaced_folder(folder) as staging:
        (staging / "y").write_text("new")
    assert [file.name for file in folder.iterdir()] == ["y"] and os.listdir(folder.parent) == ["3"]


def test_what_the_dead_left_is_removed_and_nothing_else(tmp_path):
    for name in (".writing-1-9", ".replaced-1-9", "9"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    (tmp_path / ".writing-1-model.keras").write_text("")
    (tmp_path / ".other").write_text("")
    remove_abandoned(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".other", "9"]


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path):
    script = "import sys, vaezoo_durable as d, pathlib\nwith d.folder_lock(pathlib.Path(sys.argv[1])):\n"
    script = script.replace("vaezoo_durable", "durable") + "    print('held', flush=True)\n    sys.stdin.read()"
    folder = os.path.dirname(sys.modules["vaezoo.durable"].__file__)
    command = [sys.executable, "-c", script, str(tmp_path)]  # without TensorFlow, by the module's own folder
    environment = {**os.environ, "PYTHONPATH": folder}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(OSError, match=f"in use by process {process.pid}"), folder_lock(tmp_path):
            raise AssertionError
        process.kill()
        process.wait()
        with folder_lock(tmp_path):
            assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


def test_a_file_system_without_locks_is_used_without(tmp_path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    with folder_lock(tmp_path):
        pass


def test_a_folder_below_a_file_or_read_only_is_refused(tmp_path):
    check_writable(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below" / "it"):
        with pytest.raises(NotADirectoryError, match="file' is no folder"):
            check_writable(folder)
    with pytest.raises(OSError, match="that can be written to. Received: '/proc/models'"):
        check_writable(Path("/proc/models"))  # where nobody may write, not even root
    assert os.listdir(tmp_path) == ["file"]
