"""A score that is cheap to reproduce: the evidence lower bound of a few images at the modes of their posteriors."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from vaezoo.data import ImageData
from vaezoo.models import BaseVAE

IMAGES = 64
TOLERANCE = {"float32": 1e-4, "bfloat16": 1e-2}
"""Precision of the networks -> the relative difference of the score that another machine may cause."""


def check_images(data: ImageData) -> np.ndarray:
    """Returns up to `IMAGES` images of a data set, evenly spaced, float32 [N, H, W, C]."""
    return data.images(range(0, data.size, -(-data.size // IMAGES)))


def elbo_at_mode(model: BaseVAE, images: np.ndarray) -> float:
    """Returns the mean of log p(x | code) - KL_z - KL_y at the modes of the posteriors, in nats per image.

    It is the `elbo` of the served signature `score`: no bound, because the code is not drawn.

    Args:
        model: of the zoo.
        images: [N, H, W, C] in [0, 1].
    """
    q = model.encode(images)
    elbo = model.decode(q.mode()).log_prob(images) - tf.add_n(list(model.kl_terms(q).values()))
    return float(tf.reduce_mean(elbo))


def score_check(model: BaseVAE, data: ImageData) -> dict[str, Any]:
    """Returns the entry `check` of the manifest: the score, its value and the number of images of the data set."""
    images = check_images(data)
    return {"score": "elbo_at_mode", "images": len(images), "value": elbo_at_mode(model, images)}


def agree(one: float, other: float, precision: str) -> bool:
    """Returns whether two values of the score are those of one model."""
    return abs(one - other) <= TOLERANCE[precision] * max(abs(one), abs(other))
