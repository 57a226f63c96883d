"""Whether a folder can take a version, asked before the work of making one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from vaezoo.serving.publish import next_version


def check_export_folder(folder: str | os.PathLike) -> None:
    """Refuses a folder into which no version can be published, and leaves nothing behind.

    A temporary file is made in the folder or, if that does not exist yet, in the nearest parent that does, because
    permission bits do not tell of read-only disks, nor whether root may write.

    Args:
        folder: of a model's versions, as `vaezoo.export` takes it.

    Raises:
        NotADirectoryError: if a file or a broken link is in the way.
        OSError: if the folder cannot be read or written to.
        ValueError: if it is no path, or no version number is left in it.
    """
    folder = Path(folder)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(folder)  # a path too long, for instance, raises its own error
    place = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not place.is_dir():
        raise NotADirectoryError(f"Expected a folder to export to. Received: '{folder}', where '{place}' is no folder")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
        if place == folder:
            next_version(folder)
    except OSError as error:
        raise OSError(
            error.errno, f"Expected a folder that can be written to. Received: '{folder}', {error.strerror}"
        ) from error
