"""The encoded data set and everything derived from it that metrics and figures share."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np

from vaezoo import encoding, metrics
from vaezoo.data import FactorGrid, ImageData
from vaezoo.encoding import EncodedDataset, Exported
from vaezoo.metrics.information import entropy
from vaezoo.metrics.unsupervised import per_dimension_kl
from vaezoo.models import BaseVAE
from vaezoo.terms import AggregatePosterior, dimension_mi


@dataclasses.dataclass
class EvaluationContext:
    """Inputs of metrics and figures. Expensive ones are computed on first use and kept.

    Attributes:
        model: that is evaluated.
        data: the data set.
        encoded: its images as the model encodes them, without factors of a single value.
        seed: of every draw.
        progress: show bars.
        matrices: metric -> the matrix behind its score, float64 [d, F], of the metrics that have one and were computed.
    """

    model: BaseVAE | Exported
    data: ImageData
    encoded: EncodedDataset
    seed: int = 0
    progress: bool = False
    matrices: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @cached_property
    def kl(self) -> np.ndarray:
        """Mean KL over all rows, in nats, of each Gaussian latent, then of each categorical block, float64."""
        of_blocks = [np.log(p.shape[1]) - entropy(p.astype(np.float64)).mean() for p in self.encoded.probs]
        return np.concatenate([per_dimension_kl(self.encoded.mean, self.encoded.log_var), of_blocks])

    @property
    def order(self) -> np.ndarray:
        """The order of the Gaussian latents in all figures, [d]: by descending KL."""
        return np.argsort(-self.kl[: self.encoded.mean.shape[1]], kind="stable")

    @cached_property
    def aggregate_posterior(self) -> AggregatePosterior:
        """The aggregate posterior q(z), evaluated at samples of it."""
        options = {"seed": self.seed, "dataset_size": self.encoded.dataset_size, "progress": self.progress}
        return encoding.dataset_aggregate_posterior(self.encoded.mean, self.encoded.log_var, **options)

    @property
    def mi_samples(self) -> np.ndarray:
        """Samples [S, d] whose mean is I(x; z_k), in nats."""
        return dimension_mi(self.aggregate_posterior).numpy()

    @cached_property
    def latents(self) -> dict[str, np.ndarray]:
        """`per_latent` with I(x; z_k), without intervals."""
        return metrics.per_latent(self.encoded.mean, self.encoded.log_var, self.mi_samples)

    @property
    def grid(self) -> FactorGrid | None:
        """The grid of factors, if the rows are all of it in its order."""
        e = self.encoded
        return FactorGrid(e.factor_names, e.factor_sizes) if e.whole_grid else None

    @property
    def predicted_classes(self) -> np.ndarray:
        """The most probable class of each image in the first categorical block, [N]."""
        return self.encoded.classes[:, 0]

    @property
    def true_classes(self) -> np.ndarray:
        """The labels [N], or else the first factor (of dSprites, the shape)."""
        return self.encoded.labels if self.encoded.labels is not None else self.encoded.factors[:, 0]


def drop_constant_factors(encoded: EncodedDataset) -> tuple[EncodedDataset, list[str]]:
    """Removes the factors that have a single value in the rows.

    Returns:
        The encoded data set without them, and their names.
    """
    if encoded.factors is None:
        return encoded, []
    constant = np.ptp(encoded.factors, axis=0) == 0
    dropped = [name for name, drop in zip(encoded.factor_names, constant, strict=True) if drop]
    names, sizes = (tuple(np.array(a)[~constant].tolist()) for a in (encoded.factor_names, encoded.factor_sizes))
    kept = encoded.factors[:, ~constant]
    return dataclasses.replace(encoded, factors=kept, factor_names=names, factor_sizes=sizes), dropped
