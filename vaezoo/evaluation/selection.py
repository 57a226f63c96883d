"""Selects metrics and figures by name and group, out of those that apply to a model and its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from vaezoo.choices import validate_choice
from vaezoo.data import ImageData
from vaezoo.encoding import Exported
from vaezoo.models import BaseVAE

GROUPS = ("default", "all")
SPRITES = {"shape", "scale", "orientation", "x", "y"}


class Entry(Protocol):
    """An entry of the registries METRICS and FIGURES."""

    needs: frozenset[str]
    slow: bool


def validate_names(names: Iterable[str], registry: Mapping[str, Entry], kind: str = "metric") -> None:
    """Checks that every name is a group or in `registry`.

    Raises:
        ValueError: for an unknown name, with the nearest valid one, and for "udr", which needs several runs.
    """
    for name in names:
        if name == "udr":
            raise ValueError("'udr' compares runs of several seeds: --metrics=udr alone, with --run=<folder of runs>.")
        validate_choice(kind, name, [*GROUPS, *registry])


def select(names: Iterable[str], available: Iterable[str], registry: Mapping[str, Entry]) -> list[str]:
    """Selects entries of a registry.

    Args:
        names: valid names of entries, "default" (all that apply except slow ones) or "all" (all that apply).
        available: inputs of the model and its data, as `available_inputs` lists them.
        registry: METRICS or FIGURES.

    Returns:
        The names of the entries, each once, in the order requested.

    Raises:
        ValueError: if an entry requested by name needs an input that is not available.
    """
    available = set(available)
    selected: list[str] = []
    for name in names:
        if name in GROUPS:
            selected += [n for n, e in registry.items() if e.needs <= available and (name == "all" or not e.slow)]
            continue
        missing = registry[name].needs - available
        if missing:
            raise ValueError(f"{name!r} needs what this model or data set does not have: {', '.join(sorted(missing))}.")
        selected.append(name)
    return list(dict.fromkeys(selected))


def available_inputs(model: BaseVAE | Exported, data: ImageData) -> set[str]:
    """Lists the inputs that a model and a data set provide, in the terms of `Metric.needs`.

    Returns:
        Some of "likelihood" (not a SavedModel), "categorical" (latents), "factors", "sprites" (the factors of
        dSprites) and "classes" (labels or factors).
    """
    has = {
        "likelihood": isinstance(model, BaseVAE),
        "categorical": bool(model.latents.categorical),
        "factors": data.factors is not None,
        "sprites": data.factors is not None and set(data.factors.names) >= SPRITES,
        "classes": data.factors is not None or data.labels is not None,
    }
    return {name for name, available in has.items() if available}
