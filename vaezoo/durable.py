"""Durable writes: a file or a folder appears whole or not at all, also after a power cut.

What is new is written beside its place, synced to the disk, and renamed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

STAGING, REPLACED = ".writing-", ".replaced-"


@contextlib.contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """Replaces a file by what the block writes to the path that it is given, which has the same suffix.

    A reader finds the old file or the new one. If the block raises, the old one stays and nothing is left behind.
    """
    staging = file.with_name(f"{STAGING}{os.getpid()}-{file.name}")
    try:
        yield staging
        sync(staging)
        os.replace(staging, file)
    except BaseException:
        with contextlib.suppress(OSError):
            staging.unlink(missing_ok=True)
        raise
    sync(file.parent)


def write_text(file: Path, text: str) -> None:
    """Replaces the text of a file."""
    with replaced_file(file) as staging:
        staging.write_text(text)


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Replaces a folder by what the block writes into the empty folder that it is given.

    If the block raises, the old folder stays and nothing is left behind. A kill can leave a folder whose name starts
    with `STAGING` or `REPLACED`; `remove_abandoned` removes it.
    """
    staging, old = (folder.with_name(f"{kind}{os.getpid()}-{folder.name}") for kind in (STAGING, REPLACED))
    for path in (staging, old):
        shutil.rmtree(path, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        yield staging
        sync_tree(staging)
        if folder.exists():
            os.rename(folder, old)
        os.rename(staging, folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left in a folder. The caller must be the only process that writes there."""
    for kind in (STAGING, REPLACED):
        for path in folder.iterdir():
            if path.name.startswith(kind):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Syncs every file and folder below a folder, and the folder itself, to the disk."""
    for parent, _, files in os.walk(folder):
        for file in files:
            sync(Path(parent, file))
        sync(Path(parent))


def sync(path: Path) -> None:
    """Syncs a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Holds a folder, which must exist, for this process. The system lifts the lock when the process dies.

    Where the file system has no locks, as some network file systems, the block runs without one.

    Raises:
        OSError: if another process holds the folder; the message has its number.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise OSError(f"{folder} is in use by process {holder}. Wait for it, or choose another folder.") from None
        except OSError:
            yield
            return
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def check_writable(folder: Path) -> None:
    """Refuses a folder in which no file can be made, and leaves nothing behind. The folder need not exist yet.

    A temporary file is made in the folder or in the nearest parent that exists: permission bits do not tell of
    read-only disks, nor what root may do.

    Raises:
        NotADirectoryError: if a file or a broken link is in the way.
        OSError: if no file can be made there.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(folder)  # a path too long, for instance, raises its own error
    place = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not place.is_dir():
        raise NotADirectoryError(f"Expected a folder to write to. Received: '{folder}', where '{place}' is no folder")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OSError(
            error.errno, f"Expected a folder that can be written to. Received: '{folder}', {error.strerror}"
        ) from error
