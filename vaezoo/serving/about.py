"""Reads the facts about a training that a model card states, from the folder of a run."""

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
    """Reads the configuration of a run, its last logged metrics and the scores of `vaezoo.evaluate`.

    Args:
        run: the folder of a run, or the model.keras in it. Of another .keras file, only the scores in
            <stem>.scores.json in the same folder are read.

    Returns:
        Settings under `training` and numbers under `scores`; an empty dict if the folder has no config.json. The path
        of a data file is reduced to its name.

    Raises:
        ValueError: if config.json, metrics.csv or the file of scores is damaged. The message names the file.
    """
    run = Path(run)
    if run.is_file() and run.name != "model.keras":
        return {"scores": read_scores(run.with_suffix(".scores.json"))}
    folder = run.parent if run.is_file() else run
    if not (folder / "config.json").exists():
        return {}
    scores = {**read_last_metrics(folder / "metrics.csv"), **read_scores(folder / "scores.json")}
    return {"training": read_training(folder / "config.json"), "scores": scores}


@contextlib.contextmanager
def damage_as_value_error(file: Path, expected: str) -> Iterator[None]:
    """Converts the exceptions that damaged content causes to a ValueError that names the file.

    Args:
        file: the file that the block reads.
        expected: what the file should hold, for the message.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, csv.Error) as error:
        raise ValueError(f"Expected '{file}' to hold {expected}. Received: {type(error).__name__}, {error}") from error


def read_training(file: Path) -> dict[str, Any]:
    """Reads from a config.json the settings that a model card states."""
    with damage_as_value_error(file, "a run's configuration as JSON"):
        training = {key: value for key, value in json.loads(file.read_text()).items() if key in TRAINING}
        if "dataset" in training and not training["dataset"].startswith("tfds:"):
            training["dataset"] = Path(training["dataset"]).name
    return training


def read_last_metrics(file: Path) -> dict[str, float]:
    """Reads the last row of a metrics.csv, by column name; an empty dict if the file does not exist."""
    with damage_as_value_error(file, "a table of numbers with a header"):
        rows = list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []
        last = rows[-1] if rows else {}
        if None in last.values():
            raise ValueError("a last row that breaks off")
        return {name: int(value) if name == "step" else float(value) for name, value in last.items() if value}


def read_scores(file: Path) -> dict[str, float]:
    """Reads the scores that `vaezoo.evaluate` wrote, by name; an empty dict if the file does not exist."""
    with damage_as_value_error(file, "the scores of an evaluation as JSON"):
        metrics = json.loads(file.read_text())["scores"].values() if file.exists() else []
        return {name: value for metric in metrics for name, value in metric.items()}
