"""Compares the training settings of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def training_settings(training: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the training settings, excluding the seed, as a flat dict: the model, its hyperparameters, steps, ...

    Without a precision, which older runs did not record, it is float32.
    """
    flat = {"precision": "float32", **training, **training.get("hyperparameters", {})}
    vat = flat.pop("regularizer", None) or {}
    flat |= {f"vat_{name}": value for name, value in vat.get("config", {}).items()}
    return {name: value for name, value in flat.items() if name not in ("seed", "preset", "hyperparameters")}


def differing_settings(trainings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the names, sorted, of the settings that are not equal in all of `trainings`."""
    names = sorted({name for training in trainings for name in training})
    return [name for name in names if any(training.get(name) != trainings[0].get(name) for training in trainings)]
