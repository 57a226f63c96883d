"""Files that are whole at every moment."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(file: Path, text: str) -> None:
    """Replace a file's text so that a reader, or a run killed now, finds the old one or the new one whole."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text)
    os.replace(beside, file)
