"""What a run's folder says of its training, for a model card."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from vaezoo.training.records import parsing, read_json, run_folder

TRAINING = ("preset", "dataset", "origin", "steps", "batch_size", "learning_rate", "seed")


def about_run(run: str | os.PathLike) -> dict[str, Any]:
    """Reads what a card says of a training: its configuration, last terms and scores of `vaezoo.evaluation`.

    Args:
        run: a run's folder, or model.keras in it. Without a config.json there, the result is empty. Of another
            .keras file, only the scores in <stem>.scores.json beside it are read.

    Returns:
        `training` and `scores`. Of a data set that is a file, its name alone.

    Raises:
        ValueError: if config.json, metrics.csv or the scores are damaged; names the file.
    """
    folder = run_folder(Path(run))
    if folder is None:
        return {"scores": evaluated(Path(run).with_suffix(".scores.json"))}
    if not (folder / "config.json").exists():
        return {}
    scores = {**last_terms(folder / "metrics.csv"), **evaluated(folder / "scores.json")}
    return {"training": trained(folder / "config.json"), "scores": scores}


def trained(file: Path) -> dict[str, Any]:
    """The settings in a config.json that a card tells."""
    what = "a run's configuration as JSON"
    training = {key: value for key, value in read_json(file, what).items() if key in TRAINING}
    with parsing(file, what):
        if "dataset" in training and not training["dataset"].startswith("tfds:"):
            training["dataset"] = Path(training["dataset"]).name
    return training


def last_terms(file: Path) -> dict[str, float]:
    """The last row of a metrics.csv, by name; nothing without the file."""
    with parsing(file, "a table of numbers with a header"):
        rows = list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []
        last = rows[-1] if rows else {}
        if None in last.values():
            raise ValueError("a last row that breaks off")
        return {name: int(value) if name == "step" else float(value) for name, value in last.items() if value}


def evaluated(file: Path) -> dict[str, float]:
    """The scores in a file of `vaezoo.evaluation`, by name; none without the file."""
    if not file.exists():
        return {}
    what = "the scores of an evaluation as JSON"
    scores = read_json(file, what)
    with parsing(file, what):
        return {name: value for metric in scores["scores"].values() for name, value in metric.items()}
