"""Heat maps of rank correlations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.plots.labels import axis_label, without_markup, wrap
from vaezoo.plots.style import FONT_SIZE, WIDTH, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIVERGING = "RdBu_r"
LABEL_WIDTH = 16  # characters


def correlation_matrix(correlations: np.ndarray, names: Sequence[str]) -> Figure:
    """Plots correlations of scores from -1 to 1, with 100 times their values in the cells.

    Args:
        correlations: [S, S]; NaN is drawn white, without a number.
        names: of the S scores.

    Returns:
        The figure.

    References:
        Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
        Representations", Figure 3.
    """
    labels = [wrap(axis_label(name).removesuffix(" (nats)"), LABEL_WIDTH) for name in names]
    longest = max(len(without_markup(line)) for label in labels for line in label.split("\n"))
    beside = 0.58 * FONT_SIZE / 72 * longest  # inches
    side = min(0.32, (WIDTH - beside - 0.7) / len(names))
    with paper_style():
        figure = new_figure(side * len(names) + beside + 0.2, min(WIDTH, side * len(names) + beside + 0.9))
        axes = figure.add_subplot()
        image = axes.imshow(correlations, cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
        axes.set_xticks(range(len(names)), labels, rotation=90)
        axes.set_yticks(range(len(names)), labels)
        axes.tick_params(length=0)
        if side >= 0.15:
            for i, j in np.argwhere(np.isfinite(correlations)):
                value = correlations[i, j]
                colour = "white" if abs(value) > 0.6 else "black"
                axes.text(j, i, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=FONT_SIZE - 1)
        bar = figure.colorbar(image, ax=axes, label="rank correlation\n(cells: times 100)", shrink=0.8, pad=0.03)
        bar.outline.set_linewidth(0.4)
    return figure
