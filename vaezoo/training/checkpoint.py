"""Checkpoints of everything that a training step reads or writes."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf


class Checkpoints:
    """The newest two checkpoints of a compiled model: weights, optimizers' state, step and running means.

    A kill while one is written leaves the one before: TensorFlow moves finished files into place, then the file
    that names the newest.
    """

    def __init__(self, folder: Path, model: keras.Model):
        self.folder, self.model = folder, model
        self.means = [variable for metric in model.metrics for variable in metric.variables]
        state = [*model.variables, *self.means]
        for optimizer, variables in model.optimizers():
            if not optimizer.built:
                optimizer.build(variables)
            state += optimizer.variables
        self.state = list({id(variable): variable.value for variable in state}.values())
        checkpoint = tf.train.Checkpoint(state=self.state)
        self.manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2, checkpoint_name="step")

    def restore(self) -> int:
        """The step of the newest checkpoint, whose state is now the model's; 0 where there is none."""
        self.sweep()
        newest = self.manager.latest_checkpoint
        if newest is None:
            return 0
        self.manager.checkpoint.restore(newest).assert_consumed()
        return int(self.model.step.numpy())

    def save(self, step: int) -> None:
        """Write a checkpoint. Raises FloatingPointError, and keeps the last one, if a variable is not finite."""
        for variable in self.state:
            if variable.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(variable))):
                raise FloatingPointError(
                    f"Step {step} made variable {variable.name!r} NaN or infinite. The last good checkpoint is kept."
                )
        self.manager.save(checkpoint_number=step)

    def sweep(self) -> None:
        """Remove what a kill left half written or not yet deleted."""
        kept = {Path(path).name for path in self.manager.checkpoints}
        for left in self.folder.glob("step-*"):
            if left.is_dir():
                tf.io.gfile.rmtree(str(left))
            elif left.name.split(".")[0] not in kept:
                left.unlink()
