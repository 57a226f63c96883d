"""An unusable export folder is refused before any work, and nothing is left behind."""

import os

import pytest
from small import small_model

from vaezoo.serving import check_export_folder, export, saved_model


def contents(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.fixture
def no_work(monkeypatch):
    """Makes the test fail if an export begins."""
    monkeypatch.setattr(saved_model, "publishing", None)
    monkeypatch.setattr(saved_model, "write_saved_model", None)


@pytest.mark.parametrize("folder", ["file", "file/models", "file/deep/models", "link", "link/models"])
def test_a_file_or_a_broken_link_in_the_way(folder, tmp_path, no_work):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before, blocking = contents(tmp_path), tmp_path / folder.partition("/")[0]
    words = f"Expected a folder to write to. Received: '{tmp_path / folder}', where '{blocking}' is no folder"
    for check in (check_export_folder, lambda folder: export(small_model("vae"), folder)):
        with pytest.raises(NotADirectoryError) as error:
            check(tmp_path / folder)
        assert str(error.value) == words
    assert contents(tmp_path) == before


def test_a_folder_where_nothing_can_be_written(tmp_path, monkeypatch, no_work):
    """Root can write everywhere except in /proc, so the refusal of other folders is simulated."""
    with pytest.raises(OSError, match="Expected a folder that can be written to. Received: '/proc/models', "):
        export(small_model("vae"), "/proc/models")

    def refuse(dir):
        assert dir == tmp_path
        raise PermissionError(13, "Permission denied", f"{dir}/tmp")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(PermissionError, match=f"Received: '{tmp_path}/a/b', Permission denied$"):
        check_export_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["x" * 300, "nul\0"])
def test_what_is_no_path(folder, tmp_path, no_work):
    with pytest.raises((OSError, ValueError), match="File name too long|null (byte|character)"):
        check_export_folder(tmp_path / folder)


def test_a_folder_without_a_number_left(tmp_path, no_work):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(
        ValueError, match=f"a version below {2**63 - 1} to be the newest. Received: '{tmp_path}/{2**63 - 1}'"
    ):
        export(small_model("vae"), tmp_path)


def test_a_folder_that_can_take_a_version_is_left_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "models" / "3").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    for folder in ("models", "models/", "link", "new", "new/deep", ".", "../elsewhere", str(tmp_path / "new")):
        check_export_folder(folder)
    assert contents(tmp_path) == before and not os.path.exists("../elsewhere")
