"""Checks a folder of versions before a model is exported to it."""

from __future__ import annotations

import os
from pathlib import Path

from vaezoo.durable import check_writable
from vaezoo.serving.publish import next_version


def check_export_folder(folder: str | os.PathLike) -> None:
    """Checks that a version can be published into a folder. Nothing is left behind.

    Args:
        folder: folder of the versions, as `vaezoo.export` takes it. It need not exist yet.

    Raises:
        NotADirectoryError: if the path or one of its parents is a file or a broken link.
        OSError: if the folder cannot be read or written to.
        ValueError: if the path is invalid, or no version number is left in the folder.
    """
    folder = Path(folder)
    check_writable(folder)
    if folder.is_dir():
        next_version(folder)
