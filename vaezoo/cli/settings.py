"""The model and its settings that the flags of `vaezoo train` select: --model, --preset, --dataset and --set."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from absl import flags

from vaezoo import zoo
from vaezoo.choices import validate_choice
from vaezoo.presets import Preset

FLAGS = flags.FLAGS


def select_preset() -> tuple[str, str | None, Preset]:
    """Selects a model and its settings by --model, --preset and --dataset.

    Without --preset, the model's preset for the data set is used if there is one; otherwise the constructor's
    defaults, trained as the model's first preset is.

    Returns:
        The model's name, the preset's name or None, and the preset that holds the settings.

    Raises:
        ValueError: if a name is unknown, or the preset is of another model.
    """
    if FLAGS.preset is not None:
        validate_choice("preset", FLAGS.preset, zoo.PRESETS)
        preset = zoo.PRESETS[FLAGS.preset]
        if FLAGS.model not in (None, preset.model):
            raise ValueError(f"--preset={FLAGS.preset} is of --model={preset.model}. Received: {FLAGS.model!r}")
        return preset.model, FLAGS.preset, preset
    model = FLAGS.model or "nonsyn"
    validate_choice("model", model, zoo.MODELS)
    preset = zoo.preset_of(model, FLAGS.dataset)
    names = [name for name in zoo.PRESETS if zoo.PRESETS[name] is preset]
    return model, names[0] if names and FLAGS.dataset in (None, preset.dataset) else None, preset


def parse_setting(text: str) -> tuple[str, Any]:
    """Parses name=value of --set; the value is a Python literal, or else a string.

    Raises:
        ValueError: if there is no equals sign.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set takes name=value. Received: {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def check_settings(model: str, given: Mapping[str, Any]) -> None:
    """Checks the names given by --set.

    Raises:
        ValueError: if a name is a flag, or no argument of the model.
    """
    for name, value in given.items():
        if name in FLAGS:
            raise ValueError(f"`{name}` is a flag: give --{name}={value}. Received: --set {name}={value}")
        validate_choice(f"name in --set for {model!r}", name, [*zoo.hyperparameter_names(model), "latents", "network"])
