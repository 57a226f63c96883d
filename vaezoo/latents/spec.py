"""The latents of a model, and their layout in an encoder's output and in a code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from vaezoo.latents.joint import Posterior


@keras.saving.register_keras_serializable("vaezoo")
@dataclasses.dataclass(frozen=True)
class LatentSpec:
    """The latents of a model: d Gaussian dimensions and one categorical block for each K in `categorical`.

    An encoder's output has `parameters` = 2 d + sum K numbers: the means, the log-variances, then the logits of each
    block. A code, the decoder's input, has `size` = d + sum K: z, then the one-hots.

    Args:
        gaussian: d >= 1.
        categorical: the number of classes K >= 2 of each block, in order.

    Raises:
        ValueError: if an argument is not a whole number, or too small.
    """

    gaussian: int = 10
    categorical: tuple[int, ...] = ()

    def __post_init__(self):
        """Checks the arguments, and makes `categorical` a tuple."""
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
        """The length of an encoder's output, 2 d + sum K."""
        return 2 * self.gaussian + sum(self.categorical)

    @property
    def size(self) -> int:
        """The length of a code, d + sum K."""
        return self.gaussian + sum(self.categorical)

    def posterior(self, parameters: tf.Tensor) -> Posterior:
        """Builds q(z, y | x), in float32, from an encoder's output [B, parameters]."""
        d = self.gaussian
        mu, log_var, *logits = tf.split(tf.cast(parameters, tf.float32), [d, d, *self.categorical], axis=-1)
        return Posterior(mu, log_var, logits)

    def prior(self) -> Posterior:
        """Builds p(z, y): N(0, I) and a uniform distribution over each block's classes, with batch shape [1]."""
        return self.posterior(tf.zeros([1, self.parameters]))

    def split(self, code: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Splits a code [B, size] into z [B, d] and a list of each block's y [B, K]."""
        z, *y = tf.split(code, [self.gaussian, *self.categorical], axis=-1)
        return z, y

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, as JSON can store them."""
        return {"gaussian": self.gaussian, "categorical": list(self.categorical)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LatentSpec:
        """Builds the specification that `get_config` described."""
        return cls(**config)
