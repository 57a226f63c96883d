"""What the runs of a sweep trade for what."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vaezoo import plots
from vaezoo.evaluate.arguments import formats_of
from vaezoo.evaluate.choice import GROUPS, check_names
from vaezoo.evaluate.figures import save
from vaezoo.evaluate.report import SUFFIXES
from vaezoo.evaluate.subject import about, settings


def trade_offs(
    folder: str | os.PathLike,
    *,
    by: str | Sequence[str] = "beta",
    against: str | None = None,
    metrics: Iterable[str] = ("default",),
    out: str | os.PathLike | None = None,
    format: str | Iterable[str] = "png",
) -> Path:
    """Draw scores against `by`, a line for each model, from the scores.json of the runs in `folder`; returns the file.

    Runs that share model and `by` differ by their seeds: the band is the 80 % interval of their mean. Where they
    differ in another setting too, each value of it has a line of its own.

    Args:
        folder: of runs that have been evaluated, all on the same split of one data set.
        by: a hyperparameter of their models, or "steps", "batch_size", "learning_rate"; or several, of which each
            run has one: ("beta", "lambda_", "gamma") for models whose weights have different names.
        against: the score on the abscissa; `by` itself by default.
        metrics: whose scores are drawn; by default all that every run has.
        out: folder of figures/trade_offs.png; by default the runs'.
        format: "png", "pdf" or "svg", or several, whose files are called alike; the first one's is returned.

    Raises:
        ValueError: no evaluated run there, one without `by`, several data sets, or no score that all have.
    """
    metrics, by = ([names] if isinstance(names, str) else list(names) for names in (metrics, by))
    check_names(metrics)
    formats = formats_of(format)
    evaluated = {file.parent.name: about(file) for file in sorted(Path(folder).glob("*/scores.json"))}
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
    sweeps = lines(evaluated, by)
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


def lines(evaluated: dict[str, dict[str, Any]], by: list[str]) -> dict[str, list[dict[str, float]]]:
    """The scores of the runs of each line, with the run's value of `by`; a line is named by model and settings."""
    points: dict[tuple, list[tuple[dict, dict]]] = {}
    for name, scores in evaluated.items():
        trained = settings(scores.get("training") or {})
        weights = [key for key in by if isinstance(trained.get(key), (int, float))]
        if len(weights) != 1:
            expected = f"a number {by[0]!r}" if len(by) == 1 else f"one number of {', '.join(by)}"
            raise ValueError(f"Every run must have been trained with {expected}. {name} has {sorted(trained)}")
        weight = trained.pop(weights[0])
        values = {key: value for metric in scores["scores"].values() for key, value in metric.items()}
        points.setdefault((trained["model"], weight), []).append((trained, values | {", ".join(by): weight}))
    distinct: dict[str, set[str]] = {}
    for (model, _), runs in points.items():
        distinct.setdefault(model, set()).update(differing([trained for trained, _ in runs]))
    found: dict[str, list[dict[str, float]]] = {}
    for (model, _), runs in points.items():
        for trained, row in runs:
            told = [f"{key}={trained.get(key)}" for key in sorted(distinct[model])]
            found.setdefault(", ".join([model, *told]), []).append(row)
    return found


def differing(trainings: Sequence[dict[str, Any]]) -> list[str]:
    """The settings that are not the same in all of `trainings`."""
    names = sorted({name for trained in trainings for name in trained})
    return [name for name in names if any(trained.get(name) != trainings[0].get(name) for trained in trainings)]
