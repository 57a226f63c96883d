"""What a run's folder says of its training, for a model card."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TRAINING = ("preset", "dataset", "origin", "steps", "batch_size", "learning_rate", "seed")


def about_run(run: str | os.PathLike) -> dict[str, Any]:
    """Reads what a card says of a training: its configuration, last terms and scores of `vaezoo.evaluate`.

    Args:
        run: a run's folder, or model.keras in it. Without a config.json there, the result is empty. Of another
            .keras file, only the scores in <stem>.scores.json beside it are read.

    Returns:
        `training` and `scores`. Of a data set that is a file, its name alone.

    Raises:
        ValueError: if config.json, metrics.csv or the scores are damaged; names the file.
    """
    run = Path(run)
    if run.is_file() and run.name != "model.keras":
        return {"scores": evaluated(run.with_suffix(".scores.json"))}
    folder = run.parent if run.is_file() else run
    if not (folder / "config.json").exists():
        return {}
    scores = {**last_terms(folder / "metrics.csv"), **evaluated(folder / "scores.json")}
    return {"training": trained(folder / "config.json"), "scores": scores}


@contextlib.contextmanager
def reading(file: Path, what: str) -> Iterator[None]:
    """Turns whatever damage makes of a file's content into one error that names the file."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, csv.Error) as error:
        raise ValueError(f"Expected '{file}' to hold {what}. Received: {type(error).__name__}, {error}") from error


def trained(file: Path) -> dict[str, Any]:
    """The settings in a config.json that a card tells."""
    with reading(file, "a run's configuration as JSON"):
        training = {key: value for key, value in json.loads(file.read_text()).items() if key in TRAINING}
        if "dataset" in training and not training["dataset"].startswith("tfds:"):
            training["dataset"] = Path(training["dataset"]).name
    return training


def last_terms(file: Path) -> dict[str, float]:
    """The last row of a metrics.csv, by name; nothing without the file."""
    with reading(file, "a table of numbers with a header"):
        rows = list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []
        last = rows[-1] if rows else {}
        if None in last.values():
            raise ValueError("a last row that breaks off")
        return {name: int(value) if name == "step" else float(value) for name, value in last.items() if value}


def evaluated(file: Path) -> dict[str, float]:
    """The scores in a file of `vaezoo.evaluate`, by name; none without the file."""
    with reading(file, "the scores of an evaluation as JSON"):
        metrics = json.loads(file.read_text())["scores"].values() if file.exists() else []
        return {name: value for metric in metrics for name, value in metric.items()}
