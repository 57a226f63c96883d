"""Plots metric trade-offs across a hyperparameter sweep."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaezoo import plots
from vaezoo.evaluation.arguments import list_formats
from vaezoo.evaluation.figures import save
from vaezoo.evaluation.registry import METRICS
from vaezoo.evaluation.report import SUFFIXES
from vaezoo.evaluation.selection import GROUPS, validate_names
from vaezoo.evaluation.settings import differing_settings, training_settings
from vaezoo.training.records import read_json

SCORES = "the scores of an evaluation as JSON"


def trade_offs(
    folder: str | os.PathLike,
    *,
    by: str | Sequence[str] = "beta",
    against: str | None = None,
    metrics: Iterable[str] = ("default",),
    out: str | os.PathLike | None = None,
    format: str | Iterable[str] = "png",
) -> Path:
    """Draws scores against a hyperparameter, with a line for each model, from the scores.json of evaluated runs.

    Runs with the same model and `by` are taken to differ by their seeds: the band is the 80 % interval of their mean.
    If they differ in another setting too, each of its values has a line of its own.

    Args:
        folder: of evaluated runs, all on the same split of one data set.
        by: a hyperparameter of their models, or "steps", "batch_size", "learning_rate"; or several, of which each
            run has exactly one: ("beta", "lambda_", "gamma") for models whose weights have different names.
        against: the score on the abscissa; `by` itself by default.
        metrics: the metrics whose scores are drawn; by default all that every run has.
        out: folder of figures/trade_offs.png; `folder` by default.
        format: "png", "pdf" or "svg", or several.

    Returns:
        The file of the first format; those of the others differ by the suffix.

    Raises:
        ValueError: for no evaluated run, a run without `by`, several data sets, or no score that all runs have.
        OSError: if the figure cannot be written.
    """
    metrics, by = ([names] if isinstance(names, str) else list(names) for names in (metrics, by))
    validate_names(metrics, METRICS)
    formats = list_formats(format)
    evaluated = {file.parent.name: read_json(file, SCORES) for file in sorted(Path(folder).glob("*/scores.json"))}
    if not evaluated:
        raise ValueError(f"Expected a folder of evaluated runs. No folder in {folder} has a scores.json")
    data = {f"{scores['data']['name']} ({scores['data']['split']})" for scores in evaluated.values()}
    if len(data) > 1:
        raise ValueError(f"The runs must be evaluated on the same data. Received: {', '.join(sorted(data))}")
    wanted = {
        key
        for scores in evaluated.values()
        for metric, values in scores["scores"].items()
        if metric in metrics or set(GROUPS) & set(metrics)
        for key in values
        if not key.endswith(SUFFIXES) and key != against
    }
    sweeps = sweep_lines(evaluated, by)
    rows = [row for runs in sweeps.values() for row in runs]
    shared = [key for key in rows[0] if key in wanted and all(key in row for row in rows)]
    if not shared:
        raise ValueError(f"Expected scores of {', '.join(metrics)} that all runs have. Found none in {folder}")
    file = Path(folder if out is None else out, "figures", f"trade_offs.{formats[0]}")
    figure = plots.trade_offs(sweeps, shared, x=against, by=", ".join(by))
    file.parent.mkdir(parents=True, exist_ok=True)
    for suffix in formats:
        save(figure, file.with_suffix(f".{suffix}"))
    return file


def sweep_lines(evaluated: Mapping[str, dict[str, Any]], by: list[str]) -> dict[str, list[dict[str, float]]]:
    """Groups the scores of runs by the lines of the figure.

    Args:
        evaluated: the content of scores.json by the name of the run.
        by: names of hyperparameters, of which each run has exactly one.

    Returns:
        The name of each line, its model and the settings that differ, -> the scores and the value of `by` of each run.

    Raises:
        ValueError: for a run with none or several of `by`.
    """
    points: dict[tuple, list[tuple[dict, dict]]] = {}
    for name, scores in evaluated.items():
        trained = training_settings(scores.get("training") or {})
        weights = [key for key in by if isinstance(trained.get(key), (int, float))]
        if len(weights) != 1:
            expected = f"a number {by[0]!r}" if len(by) == 1 else f"one number of {', '.join(by)}"
            raise ValueError(f"Every run must have been trained with {expected}. {name} has {sorted(trained)}")
        weight = trained.pop(weights[0])
        values = {key: value for metric in scores["scores"].values() for key, value in metric.items()}
        points.setdefault((trained["model"], weight), []).append((trained, values | {", ".join(by): weight}))
    distinct: dict[str, set[str]] = {}
    for (model, _), runs in points.items():
        distinct.setdefault(model, set()).update(differing_settings([trained for trained, _ in runs]))
    found: dict[str, list[dict[str, float]]] = {}
    for (model, _), runs in points.items():
        for trained, row in runs:
            others = [f"{key}={trained.get(key)}" for key in sorted(distinct[model])]
            found.setdefault(", ".join([model, *others]), []).append(row)
    return found
