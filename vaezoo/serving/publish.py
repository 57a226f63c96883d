"""Atomic publishing of versions into a folder that a model server watches.

A version is written into a staging folder whose hidden name servers ignore, synced to disk, and renamed to the next
free number. The rename is atomic, and fails where that version exists already. A lock (flock) on the folder of versions
lets one publisher at a time choose numbers and prune old versions. If the newest version is deleted manually, or pruned
on a file system that cannot lock folders, its number is reused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from vaezoo.durable import fsync, fsync_tree
from vaezoo.serving.staging import hidden_folder, rollback_on_error

LARGEST = 2**63 - 1


@dataclasses.dataclass
class Publication:
    """A version that is being published.

    Attributes:
        staging_dir: the empty folder to write the version into.
        version: the folder of the published version; None until it is published.
    """

    staging_dir: Path
    version: Path | None = None


@contextlib.contextmanager
def publishing(folder: str | os.PathLike, *, keep: int | None = None) -> Iterator[Publication]:
    """Publishes what the block writes as the next version in a folder. If the block raises, nothing is published.

    Warns if, after the new version is published, an old one cannot be removed.

    Args:
        folder: folder of the versions, which is created if it does not exist.
        keep: how many of the newest versions to keep; None keeps all.

    Yields:
        A `Publication`, whose `version` is set when the block has ended.

    Raises:
        OSError: if writing fails. The existing versions are unchanged.
        ValueError: if no version number is left.
    """
    folder = Path(folder)
    with rollback_on_error(folder), hidden_folder(folder) as hidden:
        publication = Publication(hidden / "new")
        publication.staging_dir.mkdir()
        yield publication
        fsync_tree(publication.staging_dir)
        with folder_lock(folder):
            publication.version = rename_to_next_version(publication.staging_dir, folder)
            if keep:
                prune(folder, keep, hidden)


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Waits for an exclusive lock on a folder, across processes and threads, and holds it while the block runs.

    Unlike `vaezoo.durable.folder_lock`, it leaves no file in the folder, which belongs to the model server. On file
    systems that cannot lock folders, such as NFS, the block runs without a lock.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def warn_on_os_error(consequence: str) -> Iterator[None]:
    """Turns an OSError into a warning, because the new version is already visible to servers.

    Args:
        consequence: what the error has prevented, for the message.
    """
    try:
        yield
    except OSError as error:
        warnings.warn(f"Published, but {consequence}: {error}", RuntimeWarning, stacklevel=2)


def rename_to_next_version(written: Path, folder: Path) -> Path:
    """Renames a folder to the next version, and retries if another publisher takes that number first.

    Args:
        written: the folder that holds the new version.
        folder: folder of the versions, on the same file system.

    Returns:
        The folder of the new version.

    Raises:
        OSError: if renaming fails for another reason.
        ValueError: if no version number is left.
    """
    while True:
        version = folder / str(next_version(folder))
        try:
            os.rename(written, version)
        except OSError:  # a rename onto a folder that is not empty fails: the number was taken in between
            if not version.exists():
                raise
        else:
            with warn_on_os_error("a crash of the machine may lose it"):
                fsync(folder)
            return version


def versions(folder: Path) -> list[int]:
    """Lists the versions in a folder, oldest first, without numbers beyond int64, which TensorFlow Serving ignores."""
    numbers = (int(child.name) for child in folder.iterdir() if child.name.isascii() and child.name.isdigit())
    return sorted(number for number in numbers if number <= LARGEST)


def next_version(folder: Path) -> int:
    """Returns the newest version number plus one.

    Args:
        folder: folder of the versions.

    Returns:
        The number; 1 if there is no version.

    Raises:
        ValueError: if the number exceeds int64, which TensorFlow Serving cannot read.
    """
    newest = max(versions(folder), default=0)
    if newest == LARGEST:
        raise ValueError(f"Expected a version below {LARGEST} to be the newest. Received: '{folder / str(newest)}'")
    return newest + 1


def prune(folder: Path, keep: int, hidden: Path) -> None:
    """Moves old versions into a hidden folder: a server could load part of a version that is deleted in place.

    Args:
        folder: folder of the versions.
        keep: how many of the newest versions to keep.
        hidden: the hidden folder.
    """
    old = versions(folder)[:-keep]
    for version in old:
        with warn_on_os_error(f"version {version} was not removed"):
            os.rename(folder / str(version), hidden / str(version))
    if old:
        with warn_on_os_error("a crash of the machine may bring back parts of old versions"):
            fsync(folder)
