"""A stop of `fit` at the first loss that is not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras


class StopAtNonFinite(keras.callbacks.Callback):
    """Raises FloatingPointError, naming step and term, once the loss of `fit` or of its validation is not finite.

    It looks at the logs that Keras brings to the host after every batch in any case.
    """

    async_safe = True  # or Keras would wait for each step's logs before it begins the next

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Notes the number of the epoch, for the message."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Raises FloatingPointError if the running mean of the training loss is not finite."""
        if logs and not finite(logs.get("loss", 0.0)):
            step, several = batch + 1, self.model.steps_per_execution
            which = f"Step {step}" if several == 1 else f"One of the steps {step - several + 1} to {step}"
            self.stop(f"{which} of epoch {self.epoch}", logs, "")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Raises FloatingPointError if the validation loss is not finite, and ValueError if no batch was given."""
        if not logs:
            raise ValueError("Expected batches of images. Received a data set that gave none.")
        if not finite(logs.get("val_loss", 0.0)):
            self.stop(f"The validation of epoch {self.epoch}", logs, "val_")

    def stop(self, when: str, logs: Mapping[str, float], prefix: str) -> None:
        """Raises FloatingPointError that names the first term that is not finite.

        Args:
            when: the step or the validation, as the message begins.
            logs: values by name.
            prefix: "val_" for validation's terms, or "".
        """
        names = sorted((prefix + name for name in self.model.metrics_names), key=(prefix + "loss").__eq__)
        name = next(name for name in names if not finite(logs.get(name, 0.0)))  # a term, rather than their sum
        raise FloatingPointError(f"{when} made the term {name!r} {logs[name]}. A smaller learning rate often helps.")


def finite(value: Any) -> bool:
    """Returns whether a logged value is no NaN and not infinite."""
    return not isinstance(value, float) or math.isfinite(value)
