"""Hidden staging folders, each with a lock that shows whether its process is alive.

A publisher holds a lock on a file next to its staging folder, which the operating system releases when the process
dies: an unlocked staging folder was abandoned by a dead process, and the next publisher removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vaezoo.durable import fsync

HIDDEN, LOCK = ".writing-", ".lock"


@contextlib.contextmanager
def hidden_folder(folder: Path) -> Iterator[Path]:
    """Creates a hidden folder, and removes it in the end. Its lock is held from before it exists until it is gone."""
    while True:
        lock = new_lock_file(folder)
        with file_lock(lock) as acquired:
            if acquired is False:  # another publisher removed the file as abandoned before it was locked
                continue
            hidden = Path(str(lock).removesuffix(LOCK))
            try:
                hidden.mkdir()
                yield hidden
            finally:
                remove(hidden)
            return


def new_lock_file(folder: Path) -> Path:
    """Creates a new lock file in a folder, after creating the folder and removing abandoned staging folders.

    Creation is tried ten times, because a publisher that fails may remove the folder again.
    """
    for attempts_left in reversed(range(10)):
        try:
            make_folders(folder)
            remove_abandoned(folder)
            handle, lock = tempfile.mkstemp(prefix=HIDDEN, suffix=LOCK, dir=folder)
        except FileNotFoundError:
            if not attempts_left:
                raise
        else:
            os.close(handle)
            return Path(lock)


def remove_abandoned(folder: Path) -> None:
    """Removes the staging folders of dead publishers. Lock paths that are not regular files are left alone."""
    for lock in filter(Path.is_file, folder.glob(f"{HIDDEN}*{LOCK}")):
        with file_lock(lock) as acquired:
            if acquired:
                remove(Path(str(lock).removesuffix(LOCK)))


def remove(hidden: Path) -> None:
    """Removes a hidden folder and then its lock file, which stays if the folder could not be removed."""
    shutil.rmtree(hidden, ignore_errors=True)
    if not hidden.exists():  # a folder without its lock file would never be recognised as abandoned
        Path(f"{hidden}{LOCK}").unlink(missing_ok=True)


@contextlib.contextmanager
def file_lock(file: Path) -> Iterator[bool | None]:
    """Tries to lock a file, without waiting, while the block runs.

    Args:
        file: the lock file.

    Yields:
        True if the lock was acquired; False if the file is locked, deleted or of another user; None if the file
        system cannot lock files.
    """
    try:
        handle = os.open(file, os.O_RDWR)
    except (FileNotFoundError, PermissionError):
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            acquired = file.exists()
        except BlockingIOError:
            acquired = False
        except OSError:
            acquired = None
        yield acquired
    finally:
        os.close(handle)


@contextlib.contextmanager
def rollback_on_error(folder: Path) -> Iterator[None]:
    """Removes the folders that did not exist before the block, among a folder and its parents, if the block raises."""
    new = missing_folders(folder)
    try:
        yield
    except BaseException:
        for path in new:
            with contextlib.suppress(OSError):  # not empty, because another publisher uses it by now
                path.rmdir()
        raise


def missing_folders(folder: Path) -> list[Path]:
    """Lists those of a folder and its parents that do not exist, the deepest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def make_folders(folder: Path) -> None:
    """Creates a folder and its missing parents, and syncs their entries to disk."""
    new = missing_folders(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        fsync(path.parent)
