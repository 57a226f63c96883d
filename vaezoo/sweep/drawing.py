"""The figures of a sweep: violins of scores, trade-offs, scores against weights, and rank correlations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaezoo import plots
from vaezoo.evaluation.figures import save
from vaezoo.sweep.methods import WEIGHT, methods_of
from vaezoo.sweep.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABSCISSA = "reconstruction"


def draw_figures(
    folder: Path, table: Table, scores: Sequence[str], correlations: np.ndarray, formats: Sequence[str]
) -> list[Path]:
    """Draws the figures for which there are runs enough, into figures/ of a sweep's folder.

    Args:
        folder: of the sweep.
        table: of its runs.
        scores: columns of the scores to draw.
        correlations: of these scores, [S, S].
        formats: "png", "pdf", "svg".

    Returns:
        The files.
    """
    methods = methods_of(table)
    shared = [score for score in scores if all(score in row for rows in methods.values() for row in rows)]
    figures: dict[str, Callable[[], Figure | None]] = {
        "violins": lambda: plots.violins(values_of(methods, scores), scores),
        "weights": lambda: against_weights(methods, shared),
        "trade_offs": lambda: against_reconstruction(methods, shared),
        "correlations": lambda: plots.correlation_matrix(correlations, scores) if len(scores) > 1 else None,
    }
    target = folder / "figures"
    files = []
    for name, figure_of in figures.items():
        figure = figure_of() if methods and scores else None
        if figure is not None:
            target.mkdir(exist_ok=True)
            files += [save(figure, target / f"{name}.{suffix}") for suffix in formats]
    return files


def values_of(methods: dict[str, list[Row]], scores: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Returns method -> score -> its values over weights and seeds."""
    return {
        method: {score: [float(row[score]) for row in rows if score in row] for score in scores}
        for method, rows in methods.items()
    }


def against_weights(methods: dict[str, list[Row]], scores: Sequence[str]) -> Figure | None:
    """Plots scores against the weight of each method that has one; None if no method has.

    Weights of several names have several scales: then the abscissa is their rank in their method, from 1.
    """
    lines = {method: rows for method, rows in methods.items() if all(row[WEIGHT] is not None for row in rows)}
    if not lines or not scores:
        return None
    names = list(dict.fromkeys(row["weight_name"] for rows in lines.values() for row in rows))
    by = names[0] if len(names) == 1 else "rank of the weight"
    sweeps = {}
    for method, rows in lines.items():
        weights = sorted({row[WEIGHT] for row in rows})
        places = {weight: weight if len(names) == 1 else rank for rank, weight in enumerate(weights, start=1)}
        sweeps[method] = [{**row, by: places[row[WEIGHT]]} for row in rows]
    figure = plots.trade_offs(sweeps, scores, by=by)
    if len(names) > 1:
        for axes in figure.axes:
            axes.locator_params(axis="x", integer=True)
    return figure


def against_reconstruction(methods: dict[str, list[Row]], scores: Sequence[str]) -> Figure | None:
    """Plots the other scores against the reconstruction, as IMAE's Figure 3; None if it is not among the scores."""
    others = [score for score in scores if score != ABSCISSA]
    if not others or any(ABSCISSA not in row for rows in methods.values() for row in rows):
        return None
    lines = {m: [{**row, WEIGHT: row[WEIGHT] or 0.0} for row in rows] for m, rows in methods.items()}
    return plots.trade_offs(lines, others, x=ABSCISSA, by=WEIGHT)
