"""Stage 8: figures. Every function returns a Matplotlib figure; Matplotlib is imported when one is drawn."""

from vaezoo.plots.curves import training_curves
from vaezoo.plots.images import reconstructions, traversals

__all__ = ["reconstructions", "training_curves", "traversals"]
