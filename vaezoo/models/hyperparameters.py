"""Checks of hyperparameters, and their values at a step."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule


def at_step(value: float | LearningRateSchedule, step: tf.Tensor) -> float | tf.Tensor:
    """Returns the value of a hyperparameter at a step: a number itself, or what its schedule gives."""
    return value(step) if isinstance(value, LearningRateSchedule) else value


def check_weights(**weights: float) -> None:
    """Raises ValueError, with its name, for a weight that is negative or not a finite number."""
    for name, weight in weights.items():
        if not (is_finite(weight) and weight >= 0):
            raise ValueError(f"`{name}` must be a finite number and not be negative. Received: {weight!r}")


def check_annealed_weights(**weights: float | LearningRateSchedule) -> None:
    """Raises ValueError, with its name, for a weight that is neither a schedule nor a finite number of at least 0."""
    for name, weight in weights.items():
        if not isinstance(weight, LearningRateSchedule) and not (is_finite(weight) and weight >= 0):
            raise ValueError(
                f"`{name}` must be a finite number and not be negative, or a "
                f"keras.optimizers.schedules.LearningRateSchedule. Received: {weight!r}"
            )


def check_positive(**values: float) -> None:
    """Raises ValueError, with its name, for a value that is not above 0 or not a finite number."""
    for name, value in values.items():
        if not (is_finite(value) and value > 0):
            raise ValueError(f"`{name}` must be positive. Received: {value!r}")


def check_whole(*, least: int | None = None, **values: int) -> None:
    """Raises ValueError, with its name, for a value that is not a whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or (least is not None and value < least):
            limit = "" if least is None else f" of at least {least}"
            raise ValueError(f"`{name}` must be a whole number{limit}. Received: {value!r}")


def check_one_of(*choices: str, **values: str) -> None:
    """Raises ValueError, with its name, for a value that is none of the choices."""
    for name, value in values.items():
        if value not in choices:
            raise ValueError(f"`{name}` must be {' or '.join(map(repr, choices))}. Received: {value!r}")


def check_distributions(likelihood: str, scale: float, temperature: float | LearningRateSchedule) -> None:
    """Raises ValueError for values that define no likelihood, or no relaxed distribution of the categorical latents.

    Args:
        likelihood: "bernoulli" or "gaussian".
        scale: standard deviation of the Gaussian likelihood, positive and finite.
        temperature: temperature of the relaxed samples, positive and finite, or a schedule of the step.
    """
    check_one_of("bernoulli", "gaussian", likelihood=likelihood)
    check_positive(scale=scale)
    if not isinstance(temperature, LearningRateSchedule) and not (is_finite(temperature) and temperature > 0):
        raise ValueError(f"`temperature` must be positive or a schedule of the step. Received: {temperature!r}")


def check_flags(**flags: bool) -> None:
    """Raises ValueError, with its name, for a value that is neither True nor False."""
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise ValueError(f"`{name}` must be True or False. Received: {flag!r}")


def is_finite(value: Any) -> bool:
    """Returns whether a value is a finite real number and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and -math.inf < value < math.inf
