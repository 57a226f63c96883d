"""Logs metrics to CSV, TensorBoard and the terminal; stops training on NaN or infinity."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from vaezoo.data.images import displayable
from vaezoo.training.rows import append_row


class Logbook(keras.callbacks.Callback):
    """Writes a row to metrics.csv every `every` steps and at the last: the terms' means since the row before.

    Args:
        folder: of the run.
        start: the step that training goes on from.
        steps: the last step.
        every: steps between rows.
        rows: those until `start`.
        examples: images [n, H, W, C] whose reconstructions TensorBoard shows.

    Raises:
        FloatingPointError: if a term is NaN or infinite; the message names step and term.
    """

    def __init__(self, folder: Path, *, start: int, steps: int, every: int, rows=(), examples=None):
        super().__init__()
        self.file, self.start, self.steps, self.every = folder / "metrics.csv", start, steps, every
        self.rows, self.examples = list(rows), examples
        self.terminal = sys.stdout.isatty()

    def on_train_begin(self, logs=None):
        folder = str(self.file.parent / "tensorboard")
        self.summaries = tf.summary.create_file_writer(folder, filename_suffix=f".from{self.start}")

    def on_train_batch_end(self, batch, logs=None):
        step = self.start + batch + 1
        wrong = {name: value for name, value in logs.items() if not math.isfinite(value)}
        if wrong:
            name, value = min(wrong.items(), key=lambda item: item[0] == "loss")  # a term, rather than their sum
            looks = self.model.steps_per_execution
            which = f"Step {step}" if looks == 1 else f"One of the steps {step - looks + 1} to {step}"
            raise FloatingPointError(
                f"{which} made the term {name!r} {float(value)}. The last good checkpoint is kept; a smaller "
                "learning rate often helps."
            )
        if step % self.every == 0 or step == self.steps:
            self.add({"step": step, **{metric.name: float(logs[metric.name]) for metric in self.model.metrics}})
            self.model.reset_metrics()

    def add(self, row: dict[str, float]) -> None:
        self.rows.append(row)
        append_row(self.file, row)
        with self.summaries.as_default(step=row["step"]):
            for name, value in list(row.items())[1:]:
                tf.summary.scalar(name, value)
        self.summaries.flush()
        if not self.terminal:
            print("  ".join(f"{name} {value:.6g}" for name, value in row.items()), flush=True)

    def show_examples(self, step: int) -> None:
        """Shows images above, their reconstructions below, in TensorBoard."""
        if self.examples is None:
            return
        rows = displayable(np.stack([self.examples, self.model.reconstruct(self.examples)]))  # [2, n, H, W, 1 or 3]
        grid = np.concatenate(np.concatenate(rows, axis=1), axis=1)  # [n H, 2 W, C]
        with self.summaries.as_default(step=step):
            tf.summary.image("reconstructions", grid[None].clip(0, 1))
        self.summaries.flush()
