"""The settings that the trained model of a preset must have been trained with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vaezoo.presets import PRESETS
from vaezoo.zoo import create, model_settings


def preset_settings(name: str) -> dict[str, Any]:
    """Returns the settings that the configuration of a run of a preset holds, except steps and seed.

    Args:
        name: a preset.

    Returns:
        Model, data set and the number of its images, network, latents, all hyperparameters, optimizer, batch size and
        precision, as JSON has them.
    """
    preset = PRESETS[name]
    settings = {
        "model": preset.model,
        "dataset": preset.dataset,
        "dataset_size": preset.dataset_size,
        "network": preset.network,
        **model_settings(create(name, seed=0, jit_compile=False)),
        "batch_size": preset.batch_size,
        "precision": preset.precision,
    }
    return without_unset_options(json.loads(json.dumps(settings)))


def run_settings(config: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of the given names from the configuration of a run; None where one is not recorded."""
    settings = {name: config.get(name) for name in names}
    return without_unset_options(settings | {"dataset_size": config.get("data", {}).get("size")})


def without_unset_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings without options of the optimizer that are None or False: versions of Keras have others."""
    options = {name: value for name, value in (settings["optimizer"] or {}).items() if value not in (None, False)}
    return {**settings, "optimizer": options}


def differing_settings(there: Mapping[str, Any], expected: Mapping[str, Any], name: str = "") -> list[str]:
    """Compares two dicts of settings, and the dicts in them.

    Args:
        there: settings of a run.
        expected: settings of its preset. A precision "auto" is any.
        name: of the dict, for the lines.

    Returns:
        One line for each setting that differs, with both values.
    """
    lines = []
    for key in sorted({*there, *expected}):
        mine, other, label = there.get(key), expected.get(key), f"{name}.{key}" if name else key
        if isinstance(mine, dict) and isinstance(other, dict):
            lines += differing_settings(mine, other, label)
        elif mine != other and (key, other) != ("precision", "auto"):
            lines.append(f"  {label}: {mine!r} in the run, {other!r} in the preset")
    return lines
