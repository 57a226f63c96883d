"""The capacity C(t) that a KL divergence is held at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf


def capacity(step: tf.Tensor, maximum: float, steps: int, ceiling: float = math.inf) -> tf.Tensor:
    """C(t) = min(C_max t / T, C_max, ceiling), a scalar in nats: from 0 to C_max over T steps, then constant.

    step: t, the number of batches seen; maximum: C_max >= 0; steps: T >= 1. Burgess et al. 2018, Eq. 8.
    ceiling: where the ramp stops short, its slope unchanged: `discrete_ceiling` in Dupont's code (2018).
    """
    if not maximum >= 0.0 or steps < 1:
        raise ValueError(f"Expected maximum >= 0 and steps >= 1. Received: maximum={maximum}, steps={steps}")
    ramp = maximum * (tf.cast(step, tf.float32) / float(steps))
    return tf.minimum(ramp, min(maximum, ceiling))


def discrete_ceiling(categorical: Sequence[int]) -> float:
    """sum log K over the blocks, nats: the most that KL_y, and so C_y, can be (Dupont 2018, section 3)."""
    return sum(map(math.log, categorical))


def check_discrete_capacity(maximum: float, categorical: Sequence[int]) -> None:
    """Raise ValueError where C_y is beyond sum log K, a value that KL_y would be pushed to and cannot have."""
    ceiling = discrete_ceiling(categorical)
    if not maximum <= ceiling + 1e-6:  # log(K1 K2) may round to an ulp more than log K1 + log K2
        raise ValueError(
            f"A discrete capacity must be at most sum log K = {ceiling:.4f} nats, "
            f"for categorical={tuple(categorical)}. Received: {maximum}"
        )
