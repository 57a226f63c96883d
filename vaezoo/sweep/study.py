"""A study as data, and its runs: the settings of each, its name, and the command that trains it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from vaezoo.sweep.combinators import Settings

IDENTIFYING = ("model", "preset", "dataset", "seed", "steps", "batch_size", "learning_rate")
IDENTIFYING += ("steps_per_execution", "jit_compile", "precision")
CIRCUMSTANCES = ("checkpoint_every", "log_every")
TRAINING = (*IDENTIFYING, *CIRCUMSTANCES)
"""Settings that are flags of `vaezoo train`."""

EVALUATION = ("metrics", "images", "bootstrap", "confidence", "split")
"""Settings that are arguments of `vaezoo.evaluation.evaluate`. All other settings are hyperparameters."""

NAME_LENGTH = 80


@dataclasses.dataclass(frozen=True)
class RunSpec:
    """One run of a study.

    Attributes:
        number: its position in the study, from 0.
        settings: a flat dict: names of `TRAINING` and `EVALUATION`, and hyperparameters.
    """

    number: int
    settings: Settings

    @property
    def hyperparameters(self) -> Settings:
        """The settings that `vaezoo train` takes by --set."""
        return {name: value for name, value in self.settings.items() if name not in (*TRAINING, *EVALUATION)}

    @property
    def evaluation(self) -> Settings:
        """The arguments of the evaluation, as JSON reads them back."""
        return json.loads(json.dumps({k: self.settings[k] for k in EVALUATION if k in self.settings}))

    @cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits of the SHA-256 of the settings that determine the training."""
        ignored = (*CIRCUMSTANCES, *EVALUATION)
        identity = {name: canonical(value) for name, value in self.settings.items() if name not in ignored}
        identity.setdefault("seed", 0)
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]

    @cached_property
    def name(self) -> str:
        """The name of the run's folder: model or preset, hyperparameters, seed and digest.

        It depends on the settings of this run alone, so that a study may grow.
        """
        scalars = [(k, v) for k, v in self.hyperparameters.items() if isinstance(v, (bool, int, float, str))]
        parts = [self.settings.get("preset") or self.settings["model"], *(f"{k}={canonical(v)}" for k, v in scalars)]
        readable = re.sub(r"[^A-Za-z0-9_.=+-]", "", "_".join(parts))[:NAME_LENGTH]
        return f"{readable}_seed={self.settings.get('seed', 0)}_{self.digest}"

    def train_arguments(self, folder: Path, data_dir: str | None = None) -> list[str]:
        """Returns the arguments of `vaezoo train` for this run, which is not exported.

        Args:
            folder: of the run.
            data_dir: folder of data files.
        """
        flags = [f"--{name}={self.settings[name]}" for name in TRAINING if self.settings.get(name) is not None]
        flags += [f"--workdir={folder}", "--noexport", "--nofigures"]
        flags += [f"--data_dir={data_dir}"] if data_dir else []
        return flags + [f"--set={name}={value!r}" for name, value in self.hyperparameters.items()]


@dataclasses.dataclass(frozen=True)
class Study:
    """A named list of runs.

    Attributes:
        name: of letters, digits, "_", "-" and "."; the default folder is runs/<name>.
        settings: a flat dict for each run, in their order: "model" or "preset", further flags of `vaezoo train`
            (`TRAINING`), arguments of the evaluation (`EVALUATION`), and hyperparameters.
        source: the paper, and what differs from it.

    Raises:
        ValueError: for another name, settings that are not such dicts, or two runs with the same settings.
    """

    name: str
    settings: Sequence[Settings]
    source: str = ""

    def __post_init__(self) -> None:
        """Checks the attributes and copies the settings."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", self.name):
            raise ValueError(f"Expected a study's name of letters, digits, '_', '-' and '.'. Received: {self.name!r}")
        if not self.settings:
            raise ValueError(f"Expected the study {self.name!r} to have runs. Received none")
        object.__setattr__(self, "settings", tuple(dict(settings) for settings in self.settings))
        for number, settings in enumerate(self.settings):
            check_settings(settings, f"run {number} of {self.name!r}")
        names: dict[str, int] = {}
        for run in self.runs:
            if names.setdefault(run.name, run.number) != run.number:
                raise ValueError(f"Expected runs that differ. Runs {names[run.name]} and {run.number} are {run.name}")

    @cached_property
    def runs(self) -> list[RunSpec]:
        """The runs, numbered from 0."""
        return [RunSpec(number, settings) for number, settings in enumerate(self.settings)]


def check_settings(settings: Settings, what: str) -> None:
    """Checks the settings of a run without the model.

    Args:
        settings: a flat dict.
        what: name of the run, for messages.

    Raises:
        ValueError: if neither a model nor a preset is set, the seed is no whole number, or a value is not JSON.
    """
    if not (settings.get("model") or settings.get("preset")):
        raise ValueError(f"Expected {what} to have a 'model' or a 'preset'. Received: {settings}")
    seed = settings.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f"Expected {what} to have a whole number as 'seed'. Received: {seed!r}")
    try:
        json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected {what} to have numbers, strings, lists and dicts. Received: {settings}") from error


def canonical(value: Any) -> Any:
    """Returns a value in which floats that are whole numbers are ints, at any depth: 4.0 and 4 are one setting."""
    if isinstance(value, dict):
        return {name: canonical(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
