"""What all figures share: the width of a paper column, fonts of 7 points, colours that the colour-blind tell apart."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaezoo.extras import extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 3.3  # inches, of a column
FONT = 7  # points, the smallest
# Okabe & Ito 2008, without yellow, which is too light for a line on white; markers and dashes repeat what they say.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MAP = "cividis"


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of `width` x `height` inches, for print, apart from pyplot."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=300)


@contextmanager
def fonts():
    """Everything written inside is of 7 points, and lines and ticks are as thin as that asks for."""
    with extra("plots"):
        from matplotlib import rc_context

    with rc_context(
        {
            "font.size": FONT,
            "axes.titlesize": FONT,
            "axes.labelsize": FONT,
            "figure.labelsize": FONT,
            "xtick.labelsize": FONT,
            "ytick.labelsize": FONT,
            "legend.fontsize": FONT,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.1,
            "lines.markersize": 3,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
        }
    ):
        yield


def line(position: int) -> dict:
    """Colour, marker and dashes of the line in this position."""
    styles = {"color": COLOURS, "marker": MARKERS, "linestyle": DASHES}
    return {name: values[position % len(values)] for name, values in styles.items()}


def open_axes(axes: Axes) -> None:
    """Leave the left and lower edge alone, and draw a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
