"""Writes checkpoints while a model is fit."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from vaezoo.training.checkpoint_manager import CheckpointManager
from vaezoo.training.metrics_logger import MetricsLogger
from vaezoo.training.workers import Workers

STEPS_PER_AGREEMENT = 10  # of several workers on whether one has received a signal: all wait for each other


class CheckpointCallback(keras.callbacks.Callback):
    """Writes a checkpoint every `checkpoint_every` steps, at the last step, and after a signal.

    Must run after `MetricsLogger`, which aborts on non-finite values before they are checkpointed. After a signal,
    training stops once the checkpoint is written, and `interrupted_at` holds its step. Of several workers, all stop
    when one receives a signal.

    Args:
        manager: writes the checkpoints.
        logger: supplies the first and last step of the training and the rows to store.
        checkpoint_every: steps between two checkpoints.
        received: numbers of the signals received so far; `recorded_signals` appends to this list.
        workers: the processes that train together.
    """

    def __init__(
        self,
        manager: CheckpointManager,
        logger: MetricsLogger,
        checkpoint_every: int,
        received: list[int],
        workers: Workers,
    ):
        """Stores the arguments."""
        super().__init__()
        self.workers = workers
        self.manager, self.logger, self.checkpoint_every, self.received = manager, logger, checkpoint_every, received
        self.interrupted_at: int | None = None

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Saves the restored running means of the metrics, which `fit` resets at the start of the epoch."""
        self.restored = [variable.numpy() for variable in self.manager.metric_variables]

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Restores the running means of the metrics after `fit` has reset them."""
        for variable, value in zip(self.manager.metric_variables, self.restored, strict=True):
            variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Writes a checkpoint where one is due, and stops training if a signal was received.

        Args:
            batch: index of the batch since training began.
            logs: unused.
        """
        step = self.logger.start + batch + 1
        stopped = bool(self.received)
        if self.workers.several:
            stopped = step % STEPS_PER_AGREEMENT == 0 and self.workers.any(stopped)
        if step % self.checkpoint_every == 0 or step == self.logger.steps or stopped:
            self.manager.save(step, self.logger.rows)
            self.logger.log_examples(step)
        if stopped:
            self.interrupted_at = step
            self.model.stop_training = True
