"""What the runs of a sweep trade for what."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaezoo import plots
from vaezoo.evaluate.choice import GROUPS, check_names
from vaezoo.evaluate.report import SUFFIXES
from vaezoo.evaluate.subject import about


def trade_offs(
    folder: str | os.PathLike,
    *,
    by: str = "beta",
    against: str | None = None,
    metrics: Iterable[str] = ("default",),
    out: str | os.PathLike | None = None,
) -> Path:
    """Draw scores against `by`, a line for each model, from the scores.json of the runs in `folder`; returns the file.

    Runs that share model and `by` differ by their seeds: the band is the 80 % interval of their mean.

    Args:
        folder: of runs that have been evaluated.
        by: a hyperparameter of their models, or "steps", "batch_size", "learning_rate".
        against: the score on the abscissa; `by` itself by default.
        metrics: whose scores are drawn; by default all that every run has.
        out: folder of figures/trade_offs.png; by default the runs'.

    Raises:
        ValueError: no evaluated run there, one without `by`, or no score that all have.
    """
    metrics = [metrics] if isinstance(metrics, str) else list(metrics)
    check_names(metrics)
    evaluated = {file.parent.name: about(file) for file in sorted(Path(folder).glob("*/scores.json"))}
    if not evaluated:
        raise ValueError(f"Expected a folder of evaluated runs. No folder in {folder} has a scores.json")
    sweeps: dict[str, list[dict[str, Any]]] = {}
    for name, scores in evaluated.items():
        training = scores.get("training") or {}
        settings = training | training.get("hyperparameters", {})
        if not isinstance(settings.get(by), (int, float)):
            raise ValueError(f"Every run must have been trained with a number {by!r}. {name} has {sorted(settings)}")
        values = {key: value for metric in scores["scores"].values() for key, value in metric.items()}
        sweeps.setdefault(training["model"], []).append(values | {by: settings[by]})
    wanted = {
        key
        for scores in evaluated.values()
        for metric, values in scores["scores"].items()
        if metric in metrics or set(GROUPS) & set(metrics)
        for key in values
        if not key.endswith(SUFFIXES) and key != against
    }
    rows = [row for runs in sweeps.values() for row in runs]
    shared = [key for key in rows[0] if key in wanted and all(key in row for row in rows)]
    if not shared:
        raise ValueError(f"Expected scores of {', '.join(metrics)} that all runs have. Found none in {folder}")
    file = Path(folder if out is None else out, "figures", "trade_offs.png")
    figure = plots.trade_offs(sweeps, shared, x=against, by=by)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    return file
