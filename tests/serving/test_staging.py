"""Staging folders: their locks, the removal of abandoned ones, and the order of writes to disk."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from text_versions import names, publish_text

from vaezoo.serving import publishing
from vaezoo.serving.publish import versions


def test_the_lock_of_another_user_is_in_use(tmp_path, monkeypatch):
    """Root can open every file, so the refusal is simulated."""
    theirs, real = tmp_path / ".writing-theirs", os.open
    theirs.mkdir()
    (tmp_path / ".writing-theirs.lock").touch(0o600)

    def refuse(path, *args, **options):
        if str(path).endswith(".writing-theirs.lock"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert publish_text(tmp_path) == tmp_path / "1"
    assert names(tmp_path) == [".writing-theirs", ".writing-theirs.lock", "1"]


@pytest.mark.parametrize("refused", ["folders", "everything"])
def test_where_folders_cannot_be_locked_nothing_is_overwritten(refused, tmp_path, monkeypatch):
    """If files cannot be locked either, abandoned folders are not recognised and stay."""
    flock = fcntl.flock

    def refuse(handle, operation):
        if refused == "everything" or operation == fcntl.LOCK_EX:
            raise OSError(95, "Operation not supported")
        flock(handle, operation)

    (tmp_path / ".writing-a").mkdir()
    (tmp_path / ".writing-a.lock").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    assert [publish_text(tmp_path, str(i)).name for i in range(3)] == ["1", "2", "3"]
    assert publish_text(tmp_path, keep=2) == tmp_path / "4" and (tmp_path / "3" / "model").read_text() == "2"
    with pytest.raises(ZeroDivisionError), publishing(tmp_path):
        raise ZeroDivisionError
    left = [".writing-a", ".writing-a.lock"] if refused == "everything" else []
    assert names(tmp_path) == [*left, "3", "4"]


def test_a_folder_that_a_failed_publisher_takes_away_is_made_again(tmp_path, monkeypatch):
    """The publisher that created the folder fails and removes it while it is empty."""
    folder, mkstemp, removed = tmp_path / "saved_models" / "vae", tempfile.mkstemp, []

    def late(**options):
        if not removed:
            removed.extend((folder, folder.parent))
            [path.rmdir() for path in removed]
        return mkstemp(**options)

    monkeypatch.setattr(tempfile, "mkstemp", late)
    assert publish_text(folder) == folder / "1"
    assert removed and names(folder) == ["1"]


def test_where_no_folder_can_be_made_it_says_so():
    with pytest.raises(FileNotFoundError, match="/proc/vae"):
        publish_text(Path("/proc/vae"))


def test_the_litter_of_the_dead_goes_and_that_of_the_living_stays(tmp_path):
    dead = tmp_path / ".writing-dead"
    (dead / "new").mkdir(parents=True)
    (tmp_path / ".writing-dead.lock").touch()
    (tmp_path / ".writing-early.lock").touch()  # died before its folder was made
    with publishing(tmp_path) as living:
        (living.staging_dir / "model").write_text("living")
        assert not dead.exists()
        assert publish_text(tmp_path).name == "1"
        assert (living.staging_dir / "model").read_text() == "living"
    assert living.version.name == "2"
    assert names(tmp_path) == ["1", "2"]


def test_what_is_no_file_is_no_lock(tmp_path):
    """A folder, a pipe or a circular link with the name of a lock file is left alone."""
    (tmp_path / ".writing-a.lock").mkdir()
    (tmp_path / ".writing-a").mkdir()
    os.mkfifo(tmp_path / ".writing-b.lock")
    (tmp_path / ".writing-c.lock").symlink_to(tmp_path / ".writing-c.lock")
    before = names(tmp_path)
    assert [publish_text(tmp_path, keep=1).name for _ in range(2)] == ["1", "2"]
    assert names(tmp_path) == sorted([*before, "2"])


def test_nothing_hidden_looks_like_a_version(tmp_path):
    with publishing(tmp_path) as publication:
        (publication.staging_dir / "model").write_text("x")
        assert len(names(tmp_path)) == 2 and all(name.startswith(".") for name in names(tmp_path))
        assert versions(tmp_path) == []


def test_it_is_on_the_disk_before_it_appears(tmp_path, monkeypatch):
    events, fsync, rename = [], os.fsync, os.rename

    def spy_fsync(handle):
        events.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def spy_rename(source, target):
        rename(source, target)
        events.append("renamed")

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "rename", spy_rename)
    with publishing(tmp_path) as publication:
        (publication.staging_dir / "variables").mkdir()
        (publication.staging_dir / "variables" / "data").write_text("x")
    staging = publication.staging_dir
    before, after = events[: events.index("renamed")], events[events.index("renamed") + 1 :]
    assert set(before) == {staging, staging / "variables", staging / "variables" / "data"}
    assert after == [tmp_path]


def test_old_versions_leave_durably_before_their_files_go(tmp_path, monkeypatch):
    """Otherwise a crash could restore part of a version."""
    events, fsync, rmtree = [], os.fsync, shutil.rmtree

    def spy_fsync(handle):
        events.append((os.readlink(f"/proc/self/fd/{handle}"), names(tmp_path)))
        fsync(handle)

    def spy_rmtree(path, **options):
        events.append("removed")
        rmtree(path, **options)

    for _ in range(3):
        publish_text(tmp_path)
    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(shutil, "rmtree", spy_rmtree)
    publish_text(tmp_path, keep=2)
    synced, seen = events[events.index("removed") - 1]
    assert synced == str(tmp_path) and [name for name in seen if name.isdigit()] == ["3", "4"]


def test_new_folders_are_on_the_disk(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync

    def spy(handle):
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    publish_text(tmp_path / "saved_models" / "vae")
    assert {tmp_path, tmp_path / "saved_models"} <= set(synced)


def test_a_lock_that_was_taken_for_litter_is_made_again(tmp_path, monkeypatch):
    """Another publisher removes the lock file as abandoned before it is locked."""
    flock, swept = fcntl.flock, []

    def late(handle, operation):
        if not swept:
            swept.append(os.readlink(f"/proc/self/fd/{handle}"))
            os.unlink(swept[0])
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with publishing(tmp_path) as publication:
        (publication.staging_dir / "model").write_text("x")
        hidden = publication.staging_dir.parent
        assert swept and names(tmp_path) == [hidden.name, f"{hidden.name}.lock"]
    assert names(tmp_path) == ["1"]
