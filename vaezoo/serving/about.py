"""Reads the facts about a training that a model card states, from the folder of a run."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from vaezoo.training.records import parsing, read_json, run_folder

TRAINING = ("preset", "dataset", "origin", "steps", "batch_size", "learning_rate", "precision", "seed")


def about_run(run: str | os.PathLike) -> dict[str, Any]:
    """Reads the configuration of a run, its last logged metrics and the scores of `vaezoo.evaluation`.

    Args:
        run: the folder of a run, or the model.keras in it. Of another .keras file, only the scores in
            <stem>.scores.json in the same folder are read.

    Returns:
        Settings under `training` and numbers under `scores`; an empty dict if the folder has no config.json. The path
        of a data file is reduced to its name.

    Raises:
        ValueError: if config.json, metrics.csv or the file of scores is damaged. The message names the file.
    """
    folder = run_folder(Path(run))
    if folder is None:
        return {"scores": read_scores(Path(run).with_suffix(".scores.json"))}
    if not (folder / "config.json").exists():
        return {}
    scores = {**read_last_metrics(folder / "metrics.csv"), **read_scores(folder / "scores.json")}
    return {"training": read_training(folder / "config.json"), "scores": scores}


def read_training(file: Path) -> dict[str, Any]:
    """Reads from a config.json the settings that a model card states."""
    expected = "a run's configuration as JSON"
    training = {key: value for key, value in read_json(file, expected).items() if key in TRAINING}
    with parsing(file, expected):
        if "dataset" in training and not training["dataset"].startswith("tfds:"):
            training["dataset"] = Path(training["dataset"]).name
    return training


def read_last_metrics(file: Path) -> dict[str, float]:
    """Reads the last row of a metrics.csv, by column name; an empty dict if the file does not exist."""
    with parsing(file, "a table of numbers with a header"):
        rows = list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []
        last = rows[-1] if rows else {}
        if None in last.values():
            raise ValueError("a last row that breaks off")
        return {name: int(value) if name == "step" else float(value) for name, value in last.items() if value}


def read_scores(file: Path) -> dict[str, float]:
    """Reads the scores that `vaezoo.evaluation` wrote, by name; an empty dict if the file does not exist."""
    if not file.exists():
        return {}
    expected = "the scores of an evaluation as JSON"
    scores = read_json(file, expected)
    with parsing(file, expected):
        return {name: value for metric in scores["scores"].values() for name, value in metric.items()}
