"""How the terms of a loss go along training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]], *, weights: Mapping[str, float] | None = None
) -> Figure:
    """A panel for every term (nats, against step), a line for every run.

    runs: label -> rows of a metrics.csv, with a "step". weights: factors by which a term is shown, such as
    {"synergy": alpha} for the paper's alpha Imax(W). Terms that are positive and span more than a factor of 10
    get a logarithmic axis.
    """
    from matplotlib.figure import Figure

    weights = weights or {}
    terms = [
        name for name in dict.fromkeys(key for rows in runs.values() for row in rows for key in row) if name != "step"
    ]
    figure = Figure(figsize=(3.2 * len(terms), 2.6), layout="constrained", dpi=200)
    for axes, term in zip(figure.subplots(1, len(terms), squeeze=False)[0], terms, strict=True):
        weight = weights.get(term, 1.0)
        shown = []
        for label, rows in runs.items():
            points = [(row["step"], weight * row[term]) for row in rows if term in row]
            if points:
                axes.plot(*zip(*points, strict=True), label=label, linewidth=1.2)
                shown += [value for _, value in points]
        if min(shown) > 0 and max(shown) > 10 * min(shown):
            axes.set_yscale("log")
        axes.set_title(f"{weight:g} x {term} (nats)" if weight != 1 else f"{term} (nats)", fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    if len(runs) > 1:
        axes.legend(fontsize=8)
    return figure
