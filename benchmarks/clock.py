"""A callback that records when training steps end."""

import time

import keras


class Clock(keras.callbacks.Callback):
    """Records the time in seconds at the end of each training step.

    The differences between them are the durations of all steps but the first, which includes the start of `fit`.
    """

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        """Records the time."""
        self.ends.append(time.perf_counter())
