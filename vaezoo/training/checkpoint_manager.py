"""Writes and restores checkpoints of everything that a training step reads or writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np

from vaezoo.durable import remove_abandoned, replaced_folder
from vaezoo.training.checkpoint import (
    CONFIG,
    DIGESTS,
    MODEL,
    ROWS,
    STATE,
    Checkpoint,
    list_checkpoints,
    newest_valid_checkpoint,
    sha256,
)
from vaezoo.training.metrics_csv import write_rows


class CheckpointManager:
    """Writes and restores the checkpoints of one training, and keeps the two newest intact ones.

    Args:
        folder: folder of the checkpoints, which is created with the first one.
        model: a compiled model. Optimizers that are not built are built.
        config: JSON-serialisable configuration of the run.
        writes: whether this process writes the checkpoints; of several workers, the first one does.

    Raises:
        ValueError: if the architecture of the model is not JSON-serialisable, so that it could not be loaded again.
    """

    def __init__(self, folder: Path, model: keras.Model, config: dict | None = None, writes: bool = True):
        """Builds the optimizers, and names all variables of the training state."""
        self.writes = writes
        self.folder, self.model, self.config = folder, model, config or {}
        self.metric_variables = [variable for metric in model.metrics for variable in metric.variables]
        groups = {"model": model_variables(model), "mean": self.metric_variables}
        for i, (optimizer, variables) in enumerate(model.optimizers()):
            if not optimizer.built:
                with model.distribute_strategy.scope():
                    optimizer.build(variables)
            groups[f"optimizer_{i}"] = optimizer.variables
        self.state = {f"{group}/{i}": variable for group, of in groups.items() for i, variable in enumerate(of)}
        try:
            self.architecture = json.dumps(keras.saving.serialize_keras_object(model))
        except (TypeError, ValueError, NotImplementedError) as error:
            raise ValueError(f"The model cannot be saved, so a run cannot resume. {error}") from error
        self.newest_step: int | None = None  # of the checkpoint that was restored or written last

    def restore(self) -> Checkpoint | None:
        """Assigns the state of the newest valid checkpoint to the model, its optimizers and its metrics.

        Returns:
            The restored checkpoint; None if there is none.

        Raises:
            ValueError: if there are checkpoints but none is intact, or if the checkpoint is of another model.
        """
        checkpoint = newest_valid_checkpoint(self.folder)
        if checkpoint is None:
            return None
        assign_variables(self.state, checkpoint.arrays(), checkpoint.folder)
        self.newest_step = checkpoint.step
        return checkpoint

    def save(self, step: int, rows: list[dict[str, float]]) -> None:
        """Writes a checkpoint, then deletes all others but the previous intact one. All workers check the variables.

        Args:
            step: number of training steps done.
            rows: rows of metrics.csv up to this step.

        Raises:
            FloatingPointError: if a variable is not finite. Nothing is written.
            OSError: if writing fails. Existing checkpoints are kept, and the staging folder is removed.
        """
        arrays = {name: to_numpy(variable) for name, variable in self.state.items()}
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise FloatingPointError(
                    f"Step {step} made variable {self.state[name].path!r} NaN or infinite. "
                    "The last good checkpoint is kept."
                )
        if not self.writes:
            self.newest_step = step
            return
        with replaced_folder(self.folder / str(step)) as staging:
            with (staging / STATE).open("wb") as stream:
                np.savez(stream, **arrays)
            write_rows(staging / ROWS, rows)
            (staging / MODEL).write_text(self.architecture)
            (staging / CONFIG).write_text(json.dumps(self.config))
            digests = {name: sha256(staging / name) for name in (STATE, ROWS, MODEL, CONFIG)}
            (staging / DIGESTS).write_text(json.dumps(digests))
        kept = {step, self.newest_step}
        self.newest_step = step
        self.prune(kept)

    def prune(self, kept: set[int | None]) -> None:
        """Deletes checkpoints and abandoned staging folders.

        Args:
            kept: steps of the checkpoints to keep.
        """
        for checkpoint in list_checkpoints(self.folder):
            if checkpoint.step not in kept:
                shutil.rmtree(checkpoint.folder, ignore_errors=True)
        remove_abandoned(self.folder)


def model_variables(model: keras.Model) -> list[keras.Variable]:
    """Returns all variables of a model except those of its metrics."""
    of_metrics = {id(variable) for metric in model.metrics for variable in metric.variables}
    return [variable for variable in model.variables if id(variable) not in of_metrics]


def to_numpy(variable: keras.Variable) -> np.ndarray:
    """Returns the value of a variable in a dtype that `numpy.savez` can write; bfloat16 becomes float32, exactly."""
    array = keras.ops.convert_to_numpy(variable)
    return array.astype(np.float32) if variable.dtype == "bfloat16" else array


def assign_variables(variables: dict[str, keras.Variable], arrays: dict[str, np.ndarray], source: Path) -> None:
    """Assigns arrays to the variables of the same names.

    Args:
        variables: variables by name.
        arrays: arrays by name, as `to_numpy` returns them.
        source: where the arrays come from, for the error message.

    Raises:
        ValueError: if names, shapes or dtypes differ. No variable has been changed then.
    """
    there = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    wanted = {name: (tuple(v.shape), v.dtype.replace("bfloat16", "float32")) for name, v in variables.items()}
    different = [name for name in wanted if there.get(name) != wanted[name]]
    if different or there.keys() - wanted.keys():
        name = next(iter(different), None) or min(there.keys() - wanted.keys())
        raise ValueError(
            f"{source} is of another model: expected {name} to be {wanted.get(name)}. Received: {there.get(name)}"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
