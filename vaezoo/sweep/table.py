"""The table of a sweep: a row for each run with its settings, scores, seconds, versions, state and error."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vaezoo.durable import write_text
from vaezoo.evaluation.report import SUFFIXES
from vaezoo.evaluation.settings import training_settings
from vaezoo.sweep.records import DONE, ERROR, SCORES, read_object, recorded_runs, state_of
from vaezoo.sweep.study import RunSpec

TRAINING = ("model", "preset", "dataset", "steps", "batch_size", "learning_rate", "precision", "seed")
Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Table:
    """The runs of a sweep.

    Attributes:
        rows: one dict for each run, with the columns that are known of it.
        hyperparameters: the columns of the hyperparameters that the study sets or that differ between runs of a model.
        scores: the columns of scores, without those of their intervals and errors.
        headlines: the first score of each metric.
    """

    rows: list[Row]
    hyperparameters: list[str]
    scores: list[str]
    headlines: list[str]

    @property
    def done(self) -> list[Row]:
        """The rows of the finished runs."""
        return [row for row in self.rows if row["state"] == "done"]

    @property
    def settings(self) -> list[str]:
        """The columns that determine a run but for its seed."""
        return [name for name in (*TRAINING, *self.hyperparameters) if name not in ("preset", "seed")]


def read_table(folder: Path) -> Table:
    """Reads the runs of a sweep's folder.

    Raises:
        ValueError: if it has no study.json.
    """
    runs = recorded_runs(folder)
    configs = [read_object(folder / run.name / "config.json") for run in runs]
    scored = [read_object(folder / run.name / SCORES) for run in runs]
    trained = [settings_of(run, config) for run, config in zip(runs, configs, strict=True)]
    hyperparameters = list(dict.fromkeys(name for names in map(chosen_names, runs) for name in names))
    for model in dict.fromkeys(settings["model"] for settings in trained):
        own = [settings for settings in trained if settings["model"] == model]
        hyperparameters += [n for n in differing(own) if n not in (*TRAINING, *hyperparameters, "step")]
    metrics: dict[str, list[str]] = {}
    rows = []
    for run, settings, scores in zip(runs, trained, scored, strict=True):
        done, error = (read_object(folder / run.name / name) for name in (DONE, ERROR))
        values = {}
        for metric, of_metric in scores.get("scores", {}).items():
            names = metrics.setdefault(metric, [])
            names += [name for name in of_metric if name not in names]
            values |= of_metric
        failures = [f"{k}: {v['error']}" for k, v in scores.get("protocol", {}).items() if "error" in v]
        state = state_of(folder / run.name, run)
        row: Row = {"run": run.name, "number": run.number, "state": state}
        row |= {name: settings.get(name) for name in (*TRAINING, *hyperparameters)}
        row |= values
        row |= {f"seconds_{stage}": value for stage, value in done.get("seconds", {}).items()}
        row |= {"first_step": done.get("first_step")} if done else {}
        row |= scores.get("packages", {})
        row["error"] = error.get("error", "") if state != "done" else "; ".join(failures)
        rows.append(row)
    scores = [name for names in metrics.values() for name in names if not name.endswith(SUFFIXES)]
    headlines = [next(name for name in names if not name.endswith(SUFFIXES)) for names in metrics.values() if names]
    return Table(rows, hyperparameters, list(dict.fromkeys(scores)), list(dict.fromkeys(headlines)))


def settings_of(run: RunSpec, config: Mapping[str, Any]) -> Row:
    """Returns the settings of a run as a flat dict: those of its config.json, or else those of the study.

    Args:
        run: of the study.
        config: the content of config.json; {} before the run begins.
    """
    preset = run.settings.get("preset")
    if config:
        known = {name: run.settings.get(name, config.get(name)) for name in TRAINING} | {"model": config.get("model")}
        flat = training_settings({**known, "hyperparameters": config.get("hyperparameters", {})})
        return {**run.hyperparameters, **flat, **known, "preset": preset}
    from vaezoo.presets import PRESETS

    model = run.settings.get("model") or getattr(PRESETS.get(preset), "model", preset)
    known = {name: run.settings.get(name) for name in TRAINING}
    regularizer = run.hyperparameters.get("regularizer")
    vat = {f"vat_{k}": v for k, v in regularizer.items()} if isinstance(regularizer, Mapping) else {}
    return {**known, "seed": run.settings.get("seed", 0), "model": model, **run.hyperparameters, **vat}


def chosen_names(run: RunSpec) -> list[str]:
    """Returns the names of the hyperparameters that the study sets in a run, with VAT's as columns of their own."""
    names = []
    for name, value in run.hyperparameters.items():
        is_vat = name == "regularizer" and isinstance(value, Mapping)
        names += [f"vat_{part}" for part in value] if is_vat else [name]
    return names


def differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the names whose values are not equal in all of `settings`, in their order."""
    names = dict.fromkeys(name for one in settings for name in one)
    return [name for name in names if any(one.get(name) != settings[0].get(name) for one in settings)]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Returns the columns of rows, the error last."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [name for name in names if name != "error"] + (["error"] if "error" in names else [])


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Writes rows as a CSV file. Lists and dicts are written as JSON; what is unknown is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns_of(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    write_text(file, text.getvalue())


def cell(value: Any) -> Any:
    """Returns the content of a CSV cell."""
    return json.dumps(value) if isinstance(value, (dict, list)) else value
