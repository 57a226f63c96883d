"""Checks of hyperparameters."""

from __future__ import annotations

import math
from numbers import Integral, Real

from keras.optimizers.schedules import LearningRateSchedule


def check_weights(**weights: float) -> None:
    """Raises ValueError, with its name, for a weight that is negative, NaN, infinite or no number."""
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= weight < math.inf:
            raise ValueError(f"`{name}` must be a finite number and not be negative. Received: {weight!r}")


def check_positive(**values: float) -> None:
    """Raises ValueError, with its name, for a value that is not above 0, NaN, infinite or no number."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive. Received: {value!r}")


def check_whole(*, least: int | None = None, **values: int) -> None:
    """Raises ValueError, with its name, for a value that is no whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or (least is not None and value < least):
            limit = "" if least is None else f" of at least {least}"
            raise ValueError(f"`{name}` must be a whole number{limit}. Received: {value!r}")


def check_likelihood(likelihood: str) -> None:
    """Raises ValueError unless the likelihood is "bernoulli" or "gaussian"."""
    if likelihood not in ("bernoulli", "gaussian"):
        raise ValueError(f"`likelihood` must be 'bernoulli' or 'gaussian'. Received: {likelihood!r}")


def check_temperature(temperature: float | LearningRateSchedule) -> None:
    """Raises ValueError unless a temperature is positive and finite, or a schedule of the step."""
    if not isinstance(temperature, LearningRateSchedule) and not (
        isinstance(temperature, Real) and 0 < temperature < math.inf
    ):
        raise ValueError(f"`temperature` must be positive or a schedule of the step. Received: {temperature!r}")
