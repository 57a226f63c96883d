"""Writes checkpoints while a model is fit."""

from __future__ import annotations

import keras

from vaezoo.training.checkpoint import Checkpoints
from vaezoo.training.logbook import Logbook


class Keeper(keras.callbacks.Callback):
    """Writes a checkpoint every `every` steps, at the last step, and when a signal asks the run to leave.

    Must run after `Logbook`, which stops training on values that are not finite before they are checkpointed.

    Args:
        checkpoints: to write to.
        logbook: whose rows and steps belong to the checkpoints.
        every: steps between checkpoints.
        received: numbers of signals received so far (`recorded_signals`).
    """

    def __init__(self, checkpoints: Checkpoints, logbook: Logbook, every: int, received: list[int]):
        super().__init__()
        self.checkpoints, self.logbook, self.every, self.received = checkpoints, logbook, every, received
        self.left_at: int | None = None

    def on_train_begin(self, logs=None):
        self.means = [variable.numpy() for variable in self.checkpoints.means]

    def on_epoch_begin(self, epoch, logs=None):
        """Gives the running means the values of the checkpoint, which fit has just reset."""
        for variable, value in zip(self.checkpoints.means, self.means, strict=True):
            variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        step = self.logbook.start + batch + 1
        if step % self.every == 0 or step == self.logbook.steps or self.received:
            self.checkpoints.save(step, self.logbook.rows)
            self.logbook.show_examples(step)
        if self.received:
            self.left_at = step
            self.model.stop_training = True
