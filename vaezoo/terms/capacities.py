"""The capacity C(t) that a KL divergence is held at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import tensorflow as tf


def capacity(
    step: tf.Tensor, maximum: float | Callable[[tf.Tensor], tf.Tensor], steps: int, ceiling: float = math.inf
) -> tf.Tensor:
    """C(t) = min(C_max t / T, C_max, ceiling), a scalar in nats: from 0 to C_max over T steps, then constant.

    A schedule s in the place of C_max is a ramp by itself: C(t) = min(s(t), ceiling).

    Args:
        step: t, the number of batches seen.
        maximum: C_max >= 0 in nats, or a schedule of the step.
        steps: T >= 1; not used with a schedule.
        ceiling: nats at which the ramp stops, its slope unchanged: `discrete_ceiling` in Dupont's code (2018).

    Raises:
        ValueError: for a negative C_max and for steps below 1.

    References:
        Burgess et al. 2018, Eq. 8.
    """
    if callable(maximum):
        return tf.minimum(maximum(step), ceiling)
    if not maximum >= 0.0 or steps < 1:
        raise ValueError(f"Expected maximum >= 0 and steps >= 1. Received: maximum={maximum}, steps={steps}")
    ramp = maximum * (tf.cast(step, tf.float32) / float(steps))
    return tf.minimum(ramp, min(maximum, ceiling))


def discrete_ceiling(categorical: Sequence[int]) -> float:
    """Returns sum log K over the categorical blocks, in nats: the largest value of KL_y (Dupont 2018, section 3)."""
    return sum(map(math.log, categorical))
