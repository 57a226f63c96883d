"""Four combinators that build the settings of a study: `sweep`, `zipped`, `chain` and `product`.

Each returns a list of settings, which are flat dicts, and takes such lists; so they nest. A fixed setting is a list of
one dict:

    product([{"model": "beta_vae", "steps": 1000}], sweep("beta", [1, 4, 16]), sweep("seed", range(5)))  # 15 runs
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

Settings = dict[str, Any]


def sweep(name: str, values: Iterable[Any]) -> list[Settings]:
    """Returns one dict for each value of a setting.

    Args:
        name: a flag of `vaezoo train` or a hyperparameter of the model.
        values: its values.
    """
    return [{name: value} for value in values]


def zipped(*lists: Sequence[Settings]) -> list[Settings]:
    """Merges the first dicts of all lists, then the second ones, and so on.

    Args:
        lists: lists of settings of one length.

    Raises:
        ValueError: if the lengths differ, or two lists set one name.
    """
    if len({len(settings) for settings in lists}) > 1:
        raise ValueError(f"Expected lists of one length. Received lengths: {', '.join(str(len(s)) for s in lists)}")
    return [merged(*parts) for parts in zip(*lists, strict=True)]


def chain(*lists: Sequence[Settings]) -> list[Settings]:
    """Returns the dicts of all lists, one list after the other."""
    return [dict(settings) for settings in itertools.chain(*lists)]


def product(*lists: Sequence[Settings]) -> list[Settings]:
    """Merges every dict of each list with every dict of the others; the last list varies fastest.

    Args:
        lists: lists of settings.

    Raises:
        ValueError: if two lists set one name.
    """
    return [merged(*parts) for parts in itertools.product(*lists)]


def merged(*parts: Settings) -> Settings:
    """Merges dicts.

    Raises:
        ValueError: if two of them have one name.
    """
    result: Settings = {}
    for part in parts:
        if twice := sorted(result.keys() & part.keys()):
            raise ValueError(f"Expected each setting once. Received {', '.join(map(repr, twice))} twice")
        result.update(part)
    return result
