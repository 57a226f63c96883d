"""Training curves, and metric trade-offs across hyperparameter sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.extras import extra
from vaezoo.plots.labels import axis_label, legend_label, without_markup, wrap
from vaezoo.plots.style import despine, line_style, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_HEIGHT = 1.45  # inches
LEGEND_WIDTH = 64  # characters in the width of a figure
YLABEL_WIDTH = 24  # characters in the height of a panel


def training_curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]], *, weights: Mapping[str, float] | None = None
) -> Figure:
    """Plots every term of the loss against the training step, with one panel per term and one line per run.

    Terms that are positive and span more than a factor of 10 have a logarithmic axis.

    Args:
        runs: for each label, the rows of a metrics.csv, which have a "step" and terms in nats.
        weights: factors by which terms are multiplied, such as {"synergy": alpha} for alpha Imax(W) of the Non-Syn VAE.

    Returns:
        The figure.
    """
    weights = weights or {}
    terms = [
        name for name in dict.fromkeys(key for rows in runs.values() for row in rows for key in row) if name != "step"
    ]
    with paper_style():
        figure, panels = panel_grid(len(terms))
        for axes, term in zip(panels, terms, strict=True):
            weight = weights.get(term, 1.0)
            values = []
            for i, (label, rows) in enumerate(runs.items()):
                points = [(row["step"], weight * row[term]) for row in rows if term in row]
                if points:
                    axes.plot(*zip(*points, strict=True), label=label, **line_style(i) | {"marker": ""})
                    values += [value for _, value in points]
            if min(values) > 0 and max(values) > 10 * min(values):
                set_log_scale(axes, min(values), max(values))
            axes.set_title(f"{weight:g} x {term} (nats)" if weight != 1 else f"{term} (nats)")
            axes.set_xlabel("step")
            axes.locator_params(axis="x", nbins=4)
            despine(axes)
        if len(runs) > 1:
            shared_legend(figure, *panels[0].get_legend_handles_labels())
    return figure


def trade_offs(
    sweeps: Mapping[str, Sequence[Mapping[str, float]]],
    y: Sequence[str],
    *,
    x: str | None = None,
    by: str = "beta",
    confidence: float = 0.8,
) -> Figure:
    """Plots metric trade-offs across a hyperparameter sweep.

    Every quantity in `y` has a panel, and every method a line through its means over seeds, in ascending order of `by`.
    A band shows the confidence interval of the mean by Student's t, if there are several seeds. A method with a single
    value of `by` has an error bar instead.

    Args:
        sweeps: for each method, one mapping of scores per run, which contains the value of `by`. Runs with the same
            value differ by their seeds.
        y: names of the scores on the ordinates.
        x: name of the score on the abscissa, also a mean over seeds; by default `by` itself.
        by: name of the hyperparameter that varies.
        confidence: confidence level of the intervals; the IMAE paper uses 0.8.

    Returns:
        The figure.

    Raises:
        ValueError: if a run lacks `by`, `x` or a score in `y`, or `confidence` is outside (0, 1).

    References:
        IMAE, Figures 2 and 3.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1). Received: {confidence}")
    x = by if x is None else x
    for method, runs in sweeps.items():
        missing = {name for run in runs for name in (by, x, *y) if name not in run}
        if missing or not runs:
            raise ValueError(f"Every run of {method!r} must have {[by, x, *y]}. Missing: {sorted(missing) or 'runs'}")
    with paper_style():
        figure, panels = panel_grid(len(y))
        for axes, score in zip(panels, y, strict=True):
            for i, (name, runs) in enumerate(sweeps.items()):
                steps = sorted({run[by] for run in runs})
                groups = [[run for run in runs if run[by] == step] for step in steps]
                means_x = np.array([np.mean([run[x] for run in group]) for group in groups])
                middle, half = np.array(
                    [confidence_interval([run[score] for run in group], confidence) for group in groups]
                ).T
                axes.plot(means_x, middle, label=legend_label(name), **line_style(i))
                axes.fill_between(
                    means_x, middle - half, middle + half, color=line_style(i)["color"], alpha=0.2, linewidth=0
                )
                if len(steps) == 1:  # a band would have no width
                    axes.errorbar(means_x, middle, half, color=line_style(i)["color"], capsize=2, elinewidth=0.8)
            axes.set_xlabel(axis_label(x))
            axes.set_ylabel(wrap(axis_label(score), YLABEL_WIDTH))
            despine(axes)
        handles, labels = panels[0].get_legend_handles_labels()
        if interval := interval_handles(sweeps, by):
            handles, labels = [*handles, interval], [*labels, f"{100 * confidence:g} % interval of the mean"]
        if len(handles) > 1:
            shared_legend(figure, handles, labels)
    return figure


def interval_handles(sweeps: Mapping[str, Sequence[Mapping[str, float]]], by: str) -> tuple:
    """Creates the legend handles of the intervals that `trade_offs` draws.

    Args:
        sweeps: as for `trade_offs`.
        by: name of the hyperparameter that varies.

    Returns:
        A band, an error bar, or both, which a legend draws over each other; an empty tuple for no intervals.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    values = [[run[by] for run in runs] for runs in sweeps.values()]
    several = [of_line for of_line in values if len(set(of_line)) < len(of_line)]  # with several seeds for a value
    band = [Patch(facecolor="0.3", alpha=0.25)] if any(len(set(of_line)) > 1 for of_line in several) else []
    bar = [Line2D([], [], color="0.3", marker="|", linestyle="")] if any(len(set(v)) == 1 for v in several) else []
    return (*band, *bar)


def confidence_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Computes the mean and half the width of its confidence interval by Student's t, which is 0 for a single value."""
    with extra("plots"):
        from scipy import stats

    n = len(values)
    if n == 1:
        return float(values[0]), 0.0
    return float(np.mean(values)), float(stats.t.ppf((1 + confidence) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def panel_grid(count: int) -> tuple[Figure, list[Axes]]:
    """Creates a figure with `count` panels, two per row, and returns it and the panels."""
    rows, columns = -(-count // 2), min(count, 2)
    figure = new_figure(PANEL_HEIGHT * rows + 0.2 if columns == 2 else 2.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[count:]:
        unused.remove()
    return figure, panels[:count]


def shared_legend(figure: Figure, handles: Sequence, labels: Sequence[str]) -> None:
    """Adds one legend for all panels, above them."""
    fitting = LEGEND_WIDTH // (8 + max(len(without_markup(label)) for label in labels))  # a line takes 8 characters
    ncols = min(len(labels), 4, max(1, fitting))
    figure.legend(handles, labels, loc="outside upper center", ncols=ncols, columnspacing=1, frameon=False)


def set_log_scale(axes: Axes, low: float, high: float) -> None:
    """Makes the ordinate logarithmic, with about four plain numbers between `low` and `high` as tick labels."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 100 * low else (1,), numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
