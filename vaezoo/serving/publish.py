"""Versions that appear whole or not at all in a folder that a model server watches.

A version is written in a hidden folder beside, which servers overlook, made durable, and renamed to the next free
number: a rename is atomic, and onto a version that is there it fails. Numbers are given, and old versions pruned,
by one publisher at a time, who holds a lock (flock) on the folder: a number is given again only where somebody else
removed the newest version, or where folders cannot be locked and it was pruned. Whoever writes holds a lock on a file
beside its hidden folder, which the system lifts when it dies: what is hidden and could be locked, but is not, is
litter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from vaezoo.durable import fsync, fsync_tree

HIDDEN, LOCK = ".writing-", ".lock"
LARGEST = 2**63 - 1


@dataclasses.dataclass
class Publication:
    """beside: the empty folder to write into. version: where it has been published, or None."""

    beside: Path
    version: Path | None = None


@contextlib.contextmanager
def publishing(folder: str | os.PathLike, *, keep: int | None = None) -> Iterator[Publication]:
    """Publishes, as the next version in `folder`, what the block writes into `beside`; nothing if the block raises.

    keep: how many of the newest versions stay. Raises OSError, with the versions as they were, where writing fails;
    warns where, with the new one published, an old one cannot be removed.
    """
    folder = Path(folder)
    with undone(folder), hidden_folder(folder) as hidden:
        publication = Publication(hidden / "new")
        publication.beside.mkdir()
        yield publication
        fsync_tree(publication.beside)
        with alone(folder):
            publication.version = publish(publication.beside, folder)
            if keep:
                prune(folder, keep, hidden)


@contextlib.contextmanager
def undone(folder: Path) -> Iterator[None]:
    """Removes a folder and its parents, those that are not there yet, where the block raises."""
    new = missing(folder)
    try:
        yield
    except BaseException:
        for path in new:
            with contextlib.suppress(OSError):  # no longer empty: another publisher's by now
                path.rmdir()
        raise


def missing(folder: Path) -> list[Path]:
    """What is not there of a folder and its parents, the deepest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def make(folder: Path) -> None:
    """Make a folder and its parents, durably."""
    new = missing(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        fsync(path.parent)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One block at a time for each folder, across processes and threads."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # NFS locks no folders
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def only_warning(what: str) -> Iterator[None]:
    """Turns an OSError into a warning: a version that servers can see has been published, whatever fails next."""
    try:
        yield
    except OSError as error:
        warnings.warn(f"Published, but {what}: {error}", RuntimeWarning, stacklevel=2)


def publish(written: Path, folder: Path) -> Path:
    """Rename a written folder to the next version, trying again where somebody else took it."""
    while True:
        version = folder / str(next_version(folder))
        try:
            os.rename(written, version)
        except OSError:  # taken in between: a rename onto a folder with files in it fails
            if not version.exists():
                raise
        else:
            with only_warning("a crash of the machine may lose it"):
                fsync(folder)
            return version


def versions(folder: Path) -> list[int]:
    """The versions in a folder, oldest first. Numbers beyond int64 are none: TensorFlow Serving overlooks them."""
    numbers = (int(child.name) for child in folder.iterdir() if child.name.isascii() and child.name.isdigit())
    return sorted(number for number in numbers if number <= LARGEST)


def next_version(folder: Path) -> int:
    """One above the newest version. Raises ValueError where a server could not read that number."""
    newest = max(versions(folder), default=0)
    if newest == LARGEST:
        raise ValueError(f"Expected a version below {LARGEST} to be the newest. Received: '{folder / str(newest)}'")
    return newest + 1


def prune(folder: Path, keep: int, hidden: Path) -> None:
    """Move all versions but the newest into a hidden folder: a server could load half of what is removed in place."""
    old = versions(folder)[:-keep]
    for version in old:
        with only_warning(f"version {version} was not removed"):
            os.rename(folder / str(version), hidden / str(version))
    if old:
        with only_warning("a crash of the machine may bring back parts of old versions"):
            fsync(folder)


@contextlib.contextmanager
def hidden_folder(folder: Path) -> Iterator[Path]:
    """A new hidden folder, removed in the end. Its lock is held before it appears and until it is gone."""
    while True:
        lock = new_lock(folder)
        with locked(lock) as mine:
            if mine is False:  # taken for litter before it was locked
                continue
            hidden = Path(str(lock).removesuffix(LOCK))
            try:
                hidden.mkdir()
                yield hidden
            finally:
                remove(hidden)
            return


def new_lock(folder: Path) -> Path:
    """A new file for a lock, in a folder that is made and swept. Another publisher who fails may remove that again."""
    for tries in reversed(range(10)):
        try:
            make(folder)
            sweep(folder)
            handle, lock = tempfile.mkstemp(prefix=HIDDEN, suffix=LOCK, dir=folder)
        except FileNotFoundError:
            if not tries:
                raise
        else:
            os.close(handle)
            return Path(lock)


def sweep(folder: Path) -> None:
    """Remove what publishers left that died. What is no file is no lock, and somebody else's."""
    for lock in filter(Path.is_file, folder.glob(f"{HIDDEN}*{LOCK}")):
        with locked(lock) as mine:
            if mine:
                remove(Path(str(lock).removesuffix(LOCK)))


def remove(hidden: Path) -> None:
    """Remove a hidden folder, and then its lock."""
    shutil.rmtree(hidden, ignore_errors=True)
    if not hidden.exists():  # or nobody would know that it is litter
        Path(f"{hidden}{LOCK}").unlink(missing_ok=True)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[bool | None]:
    """Whether the file could be locked, for the block, and is still there; None where files cannot be locked.

    What is another user's is in use.
    """
    try:
        handle = os.open(file, os.O_RDWR)
    except (FileNotFoundError, PermissionError):
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = file.exists()
        except BlockingIOError:
            mine = False
        except OSError:
            mine = None
        yield mine
    finally:
        os.close(handle)
