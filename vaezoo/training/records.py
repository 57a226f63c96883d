"""Reads the JSON files of a run's folder; a damaged file is named."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def parsing(file: Path, what: str) -> Iterator[None]:
    """Reports any error of the block, which parses a file, as one ValueError that names the file.

    Args:
        file: that is parsed.
        what: the expected content, for the message.

    Raises:
        ValueError: if the block raises an error that damaged content can cause.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, csv.Error) as error:
        raise ValueError(f"Expected '{file}' to hold {what}. Received: {type(error).__name__}, {error}") from error


def read_json(file: Path, what: str) -> dict[str, Any]:
    """Returns the object in a JSON file; {} if there is no such file.

    Args:
        file: to read.
        what: the expected content, for the message.

    Raises:
        ValueError: if the file is not JSON, or holds something other than an object; the message has its name.
    """
    with parsing(file, what):
        content = json.loads(file.read_text()) if file.exists() else {}
        if not isinstance(content, dict):
            raise TypeError(f"a {type(content).__name__} in the place of an object")
    return content


def run_folder(path: Path) -> Path | None:
    """Returns the folder of the run at `path`, which is that folder or its model.keras; None for another file."""
    if path.is_file():
        return path.parent if path.name == "model.keras" else None
    return path
