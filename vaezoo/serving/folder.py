"""Whether a folder can take a version, asked before the work of making one."""

from __future__ import annotations

import os
from pathlib import Path

from vaezoo.durable import check_writable
from vaezoo.serving.publish import next_version


def check_export_folder(folder: str | os.PathLike) -> None:
    """Refuses a folder into which no version can be published, and leaves nothing behind.

    Args:
        folder: of a model's versions, as `vaezoo.export` takes it.

    Raises:
        NotADirectoryError: if a file or a broken link is in the way.
        OSError: if the folder cannot be read or written to.
        ValueError: if it is no path, or no version number is left in it.
    """
    folder = Path(folder)
    check_writable(folder)
    if folder.is_dir():
        next_version(folder)
