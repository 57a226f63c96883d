"""The settings that identify a run, and how two configurations differ in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NON_IDENTIFYING = ("preset", "dataset", "origin", "steps", "log_every", "checkpoint_every", "packages", "commit")
"""Keys of a configuration that do not identify a run, because they do not change what a training step computes."""

ADDED_BY_FIT = ("data", "packages", "precision", "replicas")
"""Keys that `Run.fit` adds; a configuration without them is compared by its other keys."""

FORMER_VALUES = {"precision": "float32", "replicas": 1}
"""Values of identifying keys that configurations written by earlier versions do not have."""


def differing_lines(there: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Compares the identifying settings of a stored configuration with those of the present one.

    Args:
        there: the stored configuration.
        now: the present one, with or without the keys of `ADDED_BY_FIT`.

    Returns:
        One line for each setting that differs, with both values.
    """
    there = {**FORMER_VALUES, **there}
    compared = {*there, *now} - {*NON_IDENTIFYING} - {key for key in ADDED_BY_FIT if key not in now}
    return [
        f"  {name}: {there.get(name)!r} there, {now.get(name)!r} now"
        for name in sorted(compared)
        if there.get(name) != now.get(name)
    ]
