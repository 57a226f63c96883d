"""Loads a study by its name, or from a user's Python file."""

from __future__ import annotations

import runpy
from pathlib import Path

from vaezoo.choices import validate_choice
from vaezoo.sweep.studies import STUDIES
from vaezoo.sweep.study import Study


def load_study(name: str) -> Study:
    """Returns a study that vaezoo ships, or the one that a Python file assigns to `STUDY`.

    Args:
        name: a key of `STUDIES`, or the path of a file, which ends in ".py". The file is executed.

    Raises:
        ValueError: for an unknown name, or a file without a `Study` called STUDY.
        OSError: if the file cannot be read.
    """
    if not name.endswith(".py"):
        validate_choice("study", name, STUDIES)
        return STUDIES[name]
    path = Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"Expected a study's Python file. There is no {path}")
    study = runpy.run_path(str(path)).get("STUDY")
    if not isinstance(study, Study):
        raise ValueError(f"Expected {path} to assign a vaezoo.sweep.Study to STUDY. Received: {type(study).__name__}")
    return study
