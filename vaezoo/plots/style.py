"""The common style of all figures: the width of a paper column, 7-point fonts, colour-blind-safe colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vaezoo.extras import extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 3.3  # inches, the width of a column
FONT_SIZE = 7  # points
# Okabe & Ito 2008, without yellow, which is too light for a line on white. Markers and line styles encode the same.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
COLORMAP = "cividis"


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Creates an empty figure without pyplot.

    Args:
        height: in inches.
        width: in inches.

    Returns:
        The figure, with constrained layout, at 300 dots per inch.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=300)


@contextmanager
def paper_style() -> Iterator[None]:
    """Sets 7-point fonts, and lines and ticks of matching width, for artists that are created in the block."""
    with extra("plots"):
        from matplotlib import rc_context

    with rc_context(
        {
            "font.size": FONT_SIZE,
            "axes.titlesize": FONT_SIZE,
            "axes.labelsize": FONT_SIZE,
            "figure.labelsize": FONT_SIZE,
            "xtick.labelsize": FONT_SIZE,
            "ytick.labelsize": FONT_SIZE,
            "legend.fontsize": FONT_SIZE,
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


def line_style(position: int) -> dict[str, Any]:
    """Returns the colour, marker and line style of the line at a position, as keyword arguments of `Axes.plot`."""
    styles = {"color": COLOURS, "marker": MARKERS, "linestyle": LINE_STYLES}
    return {name: values[position % len(values)] for name, values in styles.items()}


def despine(axes: Axes) -> None:
    """Hides the top and right spines of axes, and draws a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
