"""Studies from the flags of `vaezoo sweep`, and checks of names that need the models."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from vaezoo.choices import validate_choice
from vaezoo.sweep.combinators import Settings, chain, product, sweep
from vaezoo.sweep.study import EVALUATION, TRAINING, RunSpec, Study


def grid(
    models: Sequence[str], values: Mapping[str, Sequence[Any]], seeds: int, common: Settings, name: str = "sweep"
) -> tuple[Study, list[str]]:
    """Builds the study of some models, every combination of some values, and seeds.

    Values of a hyperparameter apply to the models that take it.

    Args:
        models: names of models or presets.
        values: name of a hyperparameter, "latents" or "network" -> its values.
        seeds: number of seeds: 0, 1, ...
        common: settings of all runs.
        name: of the study.

    Returns:
        The study, and a note for each model that does not take one of the hyperparameters.

    Raises:
        ValueError: for an unknown model, a name that none of the models takes, no values, or no seeds.
    """
    from vaezoo import zoo

    if seeds < 1:
        raise ValueError(f"Expected --seeds to be at least 1. Received: {seeds}")
    taken = {}
    for model in models:
        validate_choice("model or preset", model, [*zoo.MODELS, *zoo.PRESETS])
        taken[model] = names_of(zoo.PRESETS[model].model if model in zoo.PRESETS else model)
    known = sorted({name for names in taken.values() for name in names})
    for key, of_key in values.items():
        if key in (*TRAINING, *EVALUATION):
            raise ValueError(f"`{key}` is a flag: give --{key}=<value>. Received: --set {key}")
        validate_choice(f"name in --set for {', '.join(map(repr, models))}", key, known)
        if not of_key:
            raise ValueError(f"Expected values of {key!r}, as --set {key}=1,2. Received none")
    lists, notes = [], []
    for model in models:
        own = [sweep(key, of_key) for key, of_key in values.items() if key in taken[model]]
        lists.append(product([{"preset" if model in zoo.PRESETS else "model": model}], *own))
        notes += [f"{model} does not take {key}, which is left out" for key in values if key not in taken[model]]
    return Study(name, product([common], chain(*lists), sweep("seed", range(seeds)))), notes


def names_of(model: str) -> list[str]:
    """Returns the names that `vaezoo train --set` takes for a model."""
    from vaezoo import zoo

    return [*zoo.hyperparameter_names(model), "latents", "network"]


def validate_runs(runs: Sequence[RunSpec]) -> None:
    """Checks the models, presets, hyperparameters and metrics of runs.

    Raises:
        ValueError: for an unknown name, with the number of the run.
    """
    from vaezoo import zoo
    from vaezoo.evaluation.registry import METRICS
    from vaezoo.evaluation.selection import validate_names

    for run in runs:
        try:
            if preset := run.settings.get("preset"):
                validate_choice("preset", preset, zoo.PRESETS)
            model = run.settings.get("model") or zoo.PRESETS[preset].model
            validate_choice("model", model, zoo.MODELS)
            for name in run.hyperparameters:
                validate_choice(f"setting of {model!r}", name, [*names_of(model), *TRAINING, *EVALUATION])
            metrics = run.settings.get("metrics", [])
            validate_names([metrics] if isinstance(metrics, str) else metrics, METRICS)
        except ValueError as error:
            raise ValueError(f"Run {run.number} of the study: {error}") from error


def parse_values(text: str) -> tuple[str, list[Any]]:
    """Parses name=value,value,... of --set. A value is a Python literal, or else a string.

    Raises:
        ValueError: if there is no equals sign.
    """
    name, equals, values = text.partition("=")
    if not equals:
        raise ValueError(f"--set takes name=value,value,... Received: {text!r}")
    try:
        return name, ast.literal_eval(f"[{values}]")
    except (ValueError, SyntaxError):
        return name, [literal(value.strip()) for value in values.split(",")]


def literal(text: str) -> Any:
    """Returns the Python literal that a text is, or the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
