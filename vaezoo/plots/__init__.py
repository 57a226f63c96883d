"""Stage 10: figures. Every function returns a Matplotlib figure; Matplotlib is imported when one is drawn.

Figures are as wide as a column of a paper, 3.3 inches, with fonts of 7 points, in colours that the colour-blind can
tell apart: `figure.savefig("traversals.png")`, or .pdf.

    images         reconstructions, traversals, class_traversals    of a model, and images
    animation      animated_traversals                              the same, moving: a GIF
    activations    mean_activations                                 of a `vaezoo.encoding.EncodedDataset`
    latents        kl_bars, variance_information                    of `vaezoo.metrics.per_latent`
    matrices       factor_matrix, score_matrix, class_matrix        of information; of scores; of classes and labels
    curves         training_curves, trade_offs                      of metrics.csv; of sweeps
"""

from vaezoo.plots.activations import mean_activations
from vaezoo.plots.animation import animated_traversals
from vaezoo.plots.curves import trade_offs, training_curves
from vaezoo.plots.images import class_traversals, reconstructions, traversals
from vaezoo.plots.latents import kl_bars, variance_information
from vaezoo.plots.matrices import class_matrix, factor_matrix, score_matrix

__all__ = [
    "animated_traversals",
    "class_matrix",
    "class_traversals",
    "factor_matrix",
    "kl_bars",
    "mean_activations",
    "reconstructions",
    "score_matrix",
    "training_curves",
    "trade_offs",
    "traversals",
    "variance_information",
]
