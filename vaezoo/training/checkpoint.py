"""Checkpoints of everything that a training step reads or writes, each in a folder of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import warnings
from pathlib import Path

import keras
import numpy as np

from vaezoo.durable import remove_abandoned, replaced_folder
from vaezoo.training.rows import read_rows, write_rows

STATE, ROWS, MODEL, CONFIG, DIGESTS = "state.npz", "metrics.csv", "model.json", "config.json", "digests.json"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on the disk: <folder>/<step>/.

    It holds the state of the model, the optimizers and the running means (state.npz), the rows of metrics.csv until its
    step, the model's architecture (model.json), the run's configuration (config.json), and the SHA-256 of each of these
    files (digests.json).
    """

    folder: Path

    @property
    def step(self) -> int:
        """The number of training steps."""
        return int(self.folder.name)

    @property
    def rows(self) -> list[dict[str, float]]:
        """The rows of metrics.csv until this step."""
        return read_rows(self.folder / ROWS)

    @property
    def config(self) -> dict:
        """The configuration of the run."""
        return json.loads((self.folder / CONFIG).read_text())

    def damage(self) -> str | None:
        """What is wrong with the files, or None where each is as it was written."""
        try:
            digests = json.loads((self.folder / DIGESTS).read_text())
            for name in (STATE, ROWS, MODEL, CONFIG):
                if sha256(self.folder / name) != digests[name]:
                    return f"{name} has changed since it was written"
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing"
        except (ValueError, KeyError, TypeError):
            return f"{DIGESTS} is damaged"
        except OSError as error:
            return f"{Path(error.filename or DIGESTS).name} cannot be read: {error.strerror}"
        return None

    def arrays(self) -> dict[str, np.ndarray]:
        """The state, by the names that `Checkpoints` gives its variables."""
        with np.load(self.folder / STATE, allow_pickle=False) as state:
            return dict(state)


def newest_whole(folder: Path) -> Checkpoint | None:
    """The newest checkpoint in a folder whose files are as they were written; None in an empty or missing folder.

    Warns, with the names of both, where a newer one is damaged. Nothing is deleted.

    Raises:
        ValueError: if there are checkpoints, or other files, and no checkpoint is whole.
    """
    damages = {}
    for checkpoint in reversed(numbered(folder)):
        damage = checkpoint.damage()
        if damage is None:
            if damages:
                warnings.warn(
                    f"Damaged checkpoints: {listed(damages)}. Going on from {checkpoint.folder}.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            return checkpoint
        damages[checkpoint.folder] = damage
    if damages:
        raise ValueError(
            f"No checkpoint is whole: {listed(damages)}. Nothing was deleted. Put a copy back, or choose another "
            "folder."
        )
    others = [child.name for child in folder.glob("*") if not child.name.startswith(".")]
    if others:
        raise ValueError(
            f"Expected checkpoints, folders named after their step, in {folder}. Received: "
            f"{', '.join(sorted(others)[:3])}. Nothing was deleted; choose another folder."
        )
    return None


def numbered(folder: Path) -> list[Checkpoint]:
    """The checkpoints in a folder, whole or damaged, by rising step; none where the folder is missing."""
    children = folder.iterdir() if folder.is_dir() else []
    found = [Checkpoint(child) for child in children if child.name.isascii() and child.name.isdigit()]
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def listed(damages: dict[Path, str]) -> str:
    """Paths with what is wrong with each."""
    return "; ".join(f"{path} ({damage})" for path, damage in damages.items())


class Checkpoints:
    """Writes and restores the checkpoints of one training; keeps the newest two.

    Args:
        folder: of the checkpoints; made when the first is written.
        model: compiled. Its optimizers are built here.
        config: of the run, as JSON has it.

    Raises:
        ValueError: if the model's architecture cannot be written as JSON, so that it could not be loaded again.
    """

    def __init__(self, folder: Path, model: keras.Model, config: dict | None = None):
        self.folder, self.model, self.config = folder, model, config or {}
        self.means = [variable for metric in model.metrics for variable in metric.variables]
        groups = {"model": weights(model), "mean": self.means}
        for i, (optimizer, variables) in enumerate(model.optimizers()):
            if not optimizer.built:
                optimizer.build(variables)
            groups[f"optimizer_{i}"] = optimizer.variables
        self.state = {f"{group}/{i}": variable for group, of in groups.items() for i, variable in enumerate(of)}
        try:
            self.architecture = json.dumps(keras.saving.serialize_keras_object(model))
        except (TypeError, ValueError, NotImplementedError) as error:
            raise ValueError(f"The model cannot be saved, so a run cannot resume. {error}") from error
        self.whole: int | None = None  # the step of the checkpoint that was restored or written last

    def restore(self) -> Checkpoint | None:
        """Gives the model the state of the newest whole checkpoint, and returns that; None where there is none.

        Raises:
            ValueError: if there are checkpoints and none is whole, or if it is one of another model.
        """
        checkpoint = newest_whole(self.folder)
        if checkpoint is None:
            return None
        assign(self.state, checkpoint.arrays(), checkpoint.folder)
        self.whole = checkpoint.step
        return checkpoint

    def save(self, step: int, rows: list[dict[str, float]]) -> None:
        """Writes a checkpoint; then deletes all but this one and the whole one before.

        Args:
            step: the number of training steps done.
            rows: of metrics.csv until then.

        Raises:
            FloatingPointError: if a variable is not finite. Nothing is written.
            OSError: if writing fails. The checkpoints before are kept, and nothing is left behind.
        """
        arrays = {name: stored(variable) for name, variable in self.state.items()}
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise FloatingPointError(
                    f"Step {step} made variable {self.state[name].path!r} NaN or infinite. "
                    "The last good checkpoint is kept."
                )
        with replaced_folder(self.folder / str(step)) as staging:
            with (staging / STATE).open("wb") as stream:
                np.savez(stream, **arrays)
            write_rows(staging / ROWS, rows)
            (staging / MODEL).write_text(self.architecture)
            (staging / CONFIG).write_text(json.dumps(self.config))
            digests = {name: sha256(staging / name) for name in (STATE, ROWS, MODEL, CONFIG)}
            (staging / DIGESTS).write_text(json.dumps(digests))
        kept = {step, self.whole}
        self.whole = step
        self.prune(kept)

    def prune(self, kept: set[int | None]) -> None:
        """Deletes the other checkpoints, and what killed processes left half written."""
        for checkpoint in numbered(self.folder):
            if checkpoint.step not in kept:
                shutil.rmtree(checkpoint.folder, ignore_errors=True)
        remove_abandoned(self.folder)


def weights(model: keras.Model) -> list[keras.Variable]:
    """All variables of a model but those of its metrics."""
    means = {id(variable) for metric in model.metrics for variable in metric.variables}
    return [variable for variable in model.variables if id(variable) not in means]


def stored(variable: keras.Variable) -> np.ndarray:
    """The value as NumPy can write it: bfloat16 as float32, which holds all of it."""
    array = keras.ops.convert_to_numpy(variable)
    return array.astype(np.float32) if variable.dtype == "bfloat16" else array


def assign(state: dict[str, keras.Variable], arrays: dict[str, np.ndarray], source: Path) -> None:
    """Gives variables the arrays of their names. Raises ValueError, before the first, where they do not match."""
    there = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    wanted = {name: (tuple(v.shape), v.dtype.replace("bfloat16", "float32")) for name, v in state.items()}
    different = [name for name in wanted if there.get(name) != wanted[name]]
    if different or there.keys() - wanted.keys():
        name = next(iter(different), None) or min(there.keys() - wanted.keys())
        raise ValueError(
            f"{source} is of another model: expected {name} to be {wanted.get(name)}. Received: {there.get(name)}"
        )
    for name, variable in state.items():
        variable.assign(arrays[name])


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
