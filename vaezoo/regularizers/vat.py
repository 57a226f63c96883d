"""Virtual adversarial training (Miyato et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import keras
import tensorflow as tf

from vaezoo.latents.noise import fold
from vaezoo.terms import Objective, Terms, neighbour_radius, smoothness


@keras.saving.register_keras_serializable("vaezoo")
class VAT:
    """A penalty on the change of q(y | x) around each image, for models with categorical latents.

        weight max_{||eta|| <= radius} H(q(y | x); q(y | x + eta))

    Args:
        weight: weight of the smoothness in the loss. 0 leaves it out.
        radius: largest Euclidean norm of eta, in the units of the pixels' [0, 1]; or "neighbour" for a quarter of the
            distance to the nearest other image of the minibatch (after IMSAT, Hu et al. 2017).
        xi: distance from x at which the direction of eta is looked for, in the same units as the radius. Miyato et al.
            2016 take it small; with IMSAT's 10, IMAE's classes become the digits of MNIST (docs/results/imae_mnist.md).

    Raises:
        ValueError: for a negative or non-finite weight, and a radius or `xi` that is not positive.

    References:
        Miyato et al. 2016, "Distributional smoothing with virtual adversarial training".
        Zhang, Zhao & Balzano 2018 (IMAE), Eq. 9.
    """

    weight: float
    radius: float | str
    xi: float

    def __init__(self, weight: float = 1.0, radius: float | str = 1.0, xi: float = 1.0):
        if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= weight < float("inf"):
            raise ValueError(f"`weight` of VAT must be a finite number and not be negative. Received: {weight!r}")
        if radius != "neighbour" and not is_positive(radius):
            raise ValueError(f"`radius` of VAT must be positive or 'neighbour'. Received: {radius!r}")
        if not is_positive(xi):
            raise ValueError(f"`xi` of VAT must be positive. Received: {xi!r}")
        self.weight, self.radius, self.xi = weight, radius, xi

    @classmethod
    def of(cls, value: VAT | Mapping[str, Any] | None) -> VAT | None:
        """Returns a VAT, or None, from what a constructor takes: a VAT, a dict of its arguments, or None.

        Raises:
            ValueError: for anything else, and for names that are no arguments.
        """
        if value is None or isinstance(value, cls):
            return value
        if not isinstance(value, Mapping) or not set(value) <= {"weight", "radius", "xi"}:
            raise ValueError(
                "`regularizer` must be a vaezoo.VAT, a dict of its `weight`, `radius` and `xi`, or None. Received: "
                f"{value!r}"
            )
        return cls(**value)

    def __call__(self, model: keras.Model, x: tf.Tensor, key: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns the smoothness of q(y | x) without its weight, [B] nats.

        Args:
            model: a `BaseVAE`; the passes through its encoder do not update the statistics of BatchNorm.
            x: images [B, H, W, C].
            key: int32 [2], the key of the step's noise.
            training: whether the encoder is in training mode.
        """
        predict = lambda x: model.stateless_posterior(x, training).logits  # noqa: E731
        radius = neighbour_radius(x, x, neighbour=1) if self.radius == "neighbour" else self.radius
        return smoothness(predict, x, predict(x), fold(key, -2), epsilon=radius, xi=self.xi)

    def added_to(self, objective: Objective, model: keras.Model) -> Objective:
        """Returns an objective of the model with the smoothness among its terms and, weighted, in its loss."""
        if not self.weight:
            return objective

        def regularized(x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
            terms, smooth = objective(x, key, training), self(model, x, key, training)
            return {**terms, "smoothness": smooth, "loss": terms["loss"] + self.weight * smooth}

        return regularized

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {"weight": self.weight, "radius": self.radius, "xi": self.xi}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> VAT:
        """Returns the VAT of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        """Returns the expression that builds this VAT."""
        return f"VAT(weight={self.weight!r}, radius={self.radius!r}, xi={self.xi!r})"


def is_positive(value: object) -> bool:
    """Returns whether a value is a positive, finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < value < float("inf")
