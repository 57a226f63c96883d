"""Atomic, durable writes of files and folders, and locks on folders.

New content is written to a staging path in the same folder, synced to disk, and renamed into place, so that partial
content is never visible, not even after a power failure.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

STAGING, REPLACED = ".writing-", ".replaced-"  # prefixes of the names of staging paths and of replaced folders


@contextlib.contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """Replaces a file atomically by what the block writes to a staging path.

    Readers see the old file or the new one. If the block raises, the old file stays and the staging file is removed.

    Args:
        file: the file to replace or create, in an existing folder.

    Yields:
        The staging path, which has the same suffix as `file`.
    """
    staging = file.with_name(f"{STAGING}{os.getpid()}-{file.name}")
    try:
        yield staging
        fsync(staging)
        os.replace(staging, file)
    except BaseException:
        with contextlib.suppress(OSError):
            staging.unlink(missing_ok=True)
        raise
    fsync(file.parent)


def write_text(file: Path, text: str) -> None:
    """Replaces the text of a file atomically."""
    with replaced_file(file) as staging:
        staging.write_text(text)


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Replaces a folder by what the block writes into a staging folder.

    If the block raises, the old folder stays and the staging folder is removed. An existing folder is renamed first,
    so that a crash between the two renames leaves none in its place. A killed process can leave a folder whose name
    starts with `STAGING` or `REPLACED`, which `remove_abandoned` removes.

    Args:
        folder: the folder to replace or create. Missing parents are created.

    Yields:
        The staging folder, empty.
    """
    staging, old = (folder.with_name(f"{kind}{os.getpid()}-{folder.name}") for kind in (STAGING, REPLACED))
    for path in (staging, old):
        shutil.rmtree(path, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        yield staging
        fsync_tree(staging)
        if folder.exists():
            os.rename(folder, old)
        os.rename(staging, folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    fsync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Removes the staging paths that killed processes left in a folder.

    Args:
        folder: an existing folder, to which no other process writes.
    """
    for kind in (STAGING, REPLACED):
        for path in folder.iterdir():
            if path.name.startswith(kind):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def fsync_tree(folder: Path) -> None:
    """Flushes a folder, and every file and folder below it, to disk."""
    for parent, _, files in os.walk(folder):
        for file in files:
            fsync(Path(parent, file))
        fsync(Path(parent))


def fsync(path: Path) -> None:
    """Flushes the content of a file, or the entries of a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Locks a folder for this process while the block runs. The operating system releases the lock of a dead process.

    On file systems without locks, such as some network file systems, the block runs without one.

    Args:
        folder: an existing folder. The lock is on a file `.lock` in it, which stays.

    Raises:
        OSError: if another process holds the lock. The message contains its process id.
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
    """Checks that files can be created in a folder, which need not exist yet. Nothing is left behind.

    The check creates a temporary file in the folder or its nearest existing parent, because permission bits reflect
    neither read-only file systems nor the rights of root.

    Args:
        folder: the folder to check.

    Raises:
        NotADirectoryError: if the path or one of its parents is a file or a broken link.
        OSError: if no file can be created there.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(folder)  # raises, for instance, for a path that is too long
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
