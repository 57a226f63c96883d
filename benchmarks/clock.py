"""A callback that records when training steps end."""

from __future__ import annotations

import time
from collections.abc import Mapping

import keras


class Clock(keras.callbacks.Callback):
    """Records the time in seconds at the end of each training step.

    The differences between them are the durations of all steps but the first, which includes the start of `fit`.
    """

    def __init__(self):
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Records the time."""
        self.ends.append(time.perf_counter())
