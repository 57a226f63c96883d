"""Which latents a model has, and how they lie in an encoder's output and in a code."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras
import tensorflow as tf

from vaezoo.latents.joint import Posterior


@keras.saving.register_keras_serializable("vaezoo")
@dataclasses.dataclass(frozen=True)
class LatentSpec:
    """d Gaussian dimensions and one categorical block for each K in `categorical`.

    An encoder ends in `parameters` = 2 d + sum K numbers: means, log-variances, then the
    logits of each block. A code, which a decoder takes, has `size` = d + sum K: z, then the one-hots.

    gaussian: d >= 1.
    categorical: the K >= 2 of every block, in order.
    Raises ValueError for other values.
    """

    gaussian: int = 10
    categorical: tuple[int, ...] = ()

    def __post_init__(self):
        if not isinstance(self.gaussian, int) or self.gaussian < 1:
            raise ValueError(f"`gaussian` must be a whole number of at least 1. Received: {self.gaussian!r}")
        several = isinstance(self.categorical, Sequence)
        if not several or not all(isinstance(K, int) and K >= 2 for K in self.categorical):
            raise ValueError(
                f"`categorical` must be a tuple of whole numbers of at least 2. Received: {self.categorical!r}"
            )
        object.__setattr__(self, "categorical", tuple(self.categorical))

    @property
    def parameters(self) -> int:
        """Length of an encoder's output."""
        return 2 * self.gaussian + sum(self.categorical)

    @property
    def size(self) -> int:
        """Length of a code."""
        return self.gaussian + sum(self.categorical)

    def posterior(self, parameters: tf.Tensor) -> Posterior:
        """q(z, y | x) from an encoder's output [B, parameters], in float32."""
        d = self.gaussian
        mu, log_var, *logits = tf.split(tf.cast(parameters, tf.float32), [d, d, *self.categorical], axis=-1)
        return Posterior(mu, log_var, logits)

    def prior(self) -> Posterior:
        """p(z, y) = N(0, I) and a uniform distribution over each block's classes; batch shape [1]."""
        return self.posterior(tf.zeros([1, self.parameters]))

    def split(self, code: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """z [B, d] and every block's y [B, K] from a code [B, size]."""
        z, *y = tf.split(code, [self.gaussian, *self.categorical], axis=-1)
        return z, y

    def get_config(self):
        return {"gaussian": self.gaussian, "categorical": list(self.categorical)}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
