"""Lines: how the terms of a loss go along training, and what sweeps of a weight trade for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.extras import extra
from vaezoo.plots.names import line_name, readable, visible, wrapped
from vaezoo.plots.style import fonts, line, new_figure, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL = 1.45  # inches high
COLUMN = 64  # characters of the legend in the width of a figure
SIDE = 24  # characters of a label along the ordinate of a panel


def training_curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]], *, weights: Mapping[str, float] | None = None
) -> Figure:
    """A panel for every term (nats, against step), a line for every run.

    runs: label -> rows of a metrics.csv, with a "step". weights: factors by which a term is shown, such as
    {"synergy": alpha} for the paper's alpha Imax(W). Terms that are positive and span more than a factor of 10
    get a logarithmic axis.
    """
    weights = weights or {}
    terms = [
        name for name in dict.fromkeys(key for rows in runs.values() for row in rows for key in row) if name != "step"
    ]
    with fonts():
        figure, panels = panels_of(len(terms))
        for axes, term in zip(panels, terms, strict=True):
            weight = weights.get(term, 1.0)
            shown = []
            for i, (label, rows) in enumerate(runs.items()):
                points = [(row["step"], weight * row[term]) for row in rows if term in row]
                if points:
                    axes.plot(*zip(*points, strict=True), label=label, **line(i) | {"marker": ""})
                    shown += [value for _, value in points]
            if min(shown) > 0 and max(shown) > 10 * min(shown):
                logarithmic(axes, min(shown), max(shown))
            axes.set_title(f"{weight:g} x {term} (nats)" if weight != 1 else f"{term} (nats)")
            axes.set_xlabel("step")
            axes.locator_params(axis="x", nbins=4)
            open_axes(axes)
        if len(runs) > 1:
            legend(figure, *panels[0].get_legend_handles_labels())
    return figure


def trade_offs(
    sweeps: Mapping[str, Sequence[Mapping[str, float]]],
    y: Sequence[str],
    *,
    x: str | None = None,
    by: str = "beta",
    confidence: float = 0.8,
) -> Figure:
    """A panel for each quantity in `y`, a line for each method through its means (IMAE, Figures 2 and 3).

    sweeps: method -> one mapping of scores for each run, with its value of `by`; the runs that share it differ by
    their seeds. x: the quantity on the abscissa, also a mean over seeds; `by` itself if None. Points go along
    rising `by`. The band is the interval of the mean by Student's t, at `confidence` (80 % in the paper); of a
    single seed there is none. A method with one value of `by` has an error bar instead. The names of models, scores
    and hyperparameters are written as the papers write them.

    Raises ValueError for runs without `by`, `x` or a quantity in `y`, and confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1). Received: {confidence}")
    x = by if x is None else x
    for method, runs in sweeps.items():
        missing = {name for run in runs for name in (by, x, *y) if name not in run}
        if missing or not runs:
            raise ValueError(f"Every run of {method!r} must have {[by, x, *y]}. Missing: {sorted(missing) or 'runs'}")
    with fonts():
        figure, panels = panels_of(len(y))
        for axes, score in zip(panels, y, strict=True):
            for i, (name, runs) in enumerate(sweeps.items()):
                steps = sorted({run[by] for run in runs})
                groups = [[run for run in runs if run[by] == step] for step in steps]
                across = np.array([np.mean([run[x] for run in group]) for group in groups])
                middle, half = np.array([interval([run[score] for run in group], confidence) for group in groups]).T
                axes.plot(across, middle, label=line_name(name), **line(i))
                axes.fill_between(across, middle - half, middle + half, color=line(i)["color"], alpha=0.2, linewidth=0)
                if len(steps) == 1:  # whose band would have no width
                    axes.errorbar(across, middle, half, color=line(i)["color"], capsize=2, elinewidth=0.8)
            axes.set_xlabel(readable(x))
            axes.set_ylabel(wrapped(readable(score), SIDE))
            open_axes(axes)
        handles, labels = panels[0].get_legend_handles_labels()
        if shown := intervals_shown(sweeps, by):
            handles, labels = [*handles, shown], [*labels, f"{100 * confidence:g} % interval of the mean"]
        if len(handles) > 1:
            legend(figure, handles, labels)
    return figure


def intervals_shown(sweeps: Mapping[str, Sequence[Mapping[str, float]]], by: str) -> tuple:
    """Handles for the legend of the intervals: a band, an error bar, or both drawn over each other; () for none."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    values = [[run[by] for run in runs] for runs in sweeps.values()]
    several = [of_line for of_line in values if len(set(of_line)) < len(of_line)]  # one value, several seeds
    band = [Patch(facecolor="0.3", alpha=0.25)] if any(len(set(of_line)) > 1 for of_line in several) else []
    bar = [Line2D([], [], color="0.3", marker="|", linestyle="")] if any(len(set(v)) == 1 for v in several) else []
    return (*band, *bar)


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The mean, and half the width of its interval by Student's t; 0 for a single value."""
    with extra("plots"):
        from scipy import stats

    n = len(values)
    if n == 1:
        return float(values[0]), 0.0
    return float(np.mean(values)), float(stats.t.ppf((1 + confidence) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def panels_of(count: int):
    """A figure with `count` panels, two to a row, and its panels."""
    rows, columns = -(-count // 2), min(count, 2)
    figure = new_figure(PANEL * rows + 0.2 if columns == 2 else 2.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[count:]:
        unused.remove()
    return figure, panels[:count]


def legend(figure: Figure, handles: Sequence, labels: Sequence[str]) -> None:
    """One legend for all panels, above them."""
    across = COLUMN // (8 + max(len(visible(label)) for label in labels))  # 8 for the piece of line
    ncols = min(len(labels), 4, max(1, across))
    figure.legend(handles, labels, loc="outside upper center", ncols=ncols, columnspacing=1, frameon=False)


def logarithmic(axes, low: float, high: float) -> None:
    """A logarithmic ordinate with plain numbers, about four of them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 100 * low else (1,), numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
