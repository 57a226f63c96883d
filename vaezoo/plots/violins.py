"""Violin plots of scores, as Locatello et al. 2019 compare models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vaezoo.plots.labels import axis_label, legend_label, without_markup, wrap
from vaezoo.plots.style import COLOURS, FONT_SIZE, WIDTH, despine, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
PANEL_HEIGHT = 1.1  # inches
TITLE_WIDTH = 24  # characters in the width of a panel


def violins(scores: Mapping[str, Mapping[str, Sequence[float]]], names: Sequence[str]) -> Figure:
    """Plots the distribution of every score for every method, over hyperparameters and seeds, with one panel per score.

    A violin is a Gaussian kernel density estimate, cut at the extremes. Bars mark the extremes and the median, and
    dots the runs, unless there are more than 50.

    Args:
        scores: method -> score -> its values, one for each run.
        names: the scores, in the order of the panels.

    Returns:
        The figure.

    References:
        Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
        Representations", Figure 2.
    """
    labels = [legend_label(method) for method in scores]
    rows = -(-len(names) // COLUMNS)
    columns = min(len(names), COLUMNS)
    below = 0.6 * FONT_SIZE / 72 * max(len(without_markup(label)) for label in labels)
    with paper_style():
        figure = new_figure(PANEL_HEIGHT * rows + below + 0.1, WIDTH)
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
        for axes, name in zip(panels.flat, names, strict=False):
            draw_violins(axes, [list(of_method.get(name, [])) for of_method in scores.values()])
            axes.set_title(wrap(axis_label(name), TITLE_WIDTH))
            axes.set_xticks(range(len(labels)), labels, rotation=90)
            despine(axes)
        for axes in list(panels.flat)[len(names) :]:
            axes.remove()
        if len(names) % columns:
            panels[-2, -1].tick_params(labelbottom=True)
    return figure


def draw_violins(axes: Axes, groups: Sequence[Sequence[float]]) -> None:
    """Draws a violin for each group of values at 0, 1, ..., in the colours of lines.

    Args:
        axes: to draw on.
        groups: values of each violin; none for a gap.
    """
    for i, values in enumerate(groups):
        if not values:
            continue
        colour = COLOURS[i % len(COLOURS)]
        parts: dict[str, Any] = axes.violinplot([values], [i], widths=0.8, showmedians=True)
        for body in parts["bodies"]:
            body.set(facecolor=colour, edgecolor="none", alpha=0.35)
        for name in ("cmins", "cmaxes", "cbars", "cmedians"):
            parts[name].set(color=colour, linewidth=0.8)
        if len(values) <= 50:
            spread = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else [0.0]
            axes.plot(i + np.asarray(spread), values, ".", color=colour, markersize=2, markeredgewidth=0)
    axes.set_xlim(-0.6, len(groups) - 0.4)
