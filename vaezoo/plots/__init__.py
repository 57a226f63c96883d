"""Stage 11: figures.

Every function returns a Matplotlib figure; save it with `figure.savefig("traversals.png")`, or .pdf. Matplotlib is
imported when the first figure is drawn. Figures are 3.3 inches wide, as a column of a paper, with 7-point fonts and
colour-blind-safe colours.

    images         reconstructions, traversals, class_traversals    decoded images of a model
    animation      animated_traversals                              traversals as an animated GIF
    activations    mean_activations                                 from a `vaezoo.encoding.EncodedDataset`
    latents        kl_bars, variance_information                    from `vaezoo.metrics.per_latent`
    matrices       factor_matrix, score_matrix, class_matrix        heat maps of factors and latents, classes and labels
    correlations   correlation_matrix                               rank correlations of scores
    curves         training_curves, trade_offs                      from metrics.csv and hyperparameter sweeps
    violins        violins                                          distributions of scores over runs
"""

from vaezoo.plots.activations import mean_activations
from vaezoo.plots.animation import animated_traversals
from vaezoo.plots.correlations import correlation_matrix
from vaezoo.plots.curves import trade_offs, training_curves
from vaezoo.plots.images import class_traversals, reconstructions, traversals
from vaezoo.plots.latents import kl_bars, variance_information
from vaezoo.plots.matrices import class_matrix, factor_matrix, score_matrix
from vaezoo.plots.violins import violins

__all__ = [
    "animated_traversals",
    "class_matrix",
    "class_traversals",
    "correlation_matrix",
    "factor_matrix",
    "kl_bars",
    "mean_activations",
    "reconstructions",
    "score_matrix",
    "training_curves",
    "trade_offs",
    "traversals",
    "variance_information",
    "violins",
]
