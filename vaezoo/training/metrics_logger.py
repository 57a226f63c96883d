"""Logs metrics to CSV, TensorBoard and the terminal; stops training on NaN or infinity."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from vaezoo.data.images import displayable
from vaezoo.training.metrics_csv import append_row


class MetricsLogger(keras.callbacks.Callback):
    """Logs the mean of every metric over the last `log_every` steps, and over the remainder at the last step.

    Each row goes to metrics.csv and TensorBoard, and to stdout unless stdout is a terminal, where Keras's progress
    bar shows the metrics.

    Args:
        folder: folder of the run.
        start: step from which training resumes; 0 for a new run.
        steps: step at which training ends.
        log_every: steps between two rows.
        rows: rows that were logged up to step `start`.
        examples: images [n, H, W, C] in [0, 1] whose reconstructions TensorBoard shows; None for no images.
        writes: whether this process writes the logs; of several workers, the first one does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start: int,
        steps: int,
        log_every: int,
        rows: Sequence[dict[str, float]] = (),
        examples: np.ndarray | None = None,
        writes: bool = True,
    ):
        """Stores the arguments; files are opened in `on_train_begin`."""
        super().__init__()
        self.writes = writes
        self.file, self.start, self.steps, self.log_every = folder / "metrics.csv", start, steps, log_every
        self.rows, self.examples = list(rows), examples
        self.terminal = sys.stdout.isatty()

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Opens a TensorBoard event file for the steps after `start`."""
        if not self.writes:
            return
        folder = str(self.file.parent / "tensorboard")
        self.summaries = tf.summary.create_file_writer(folder, filename_suffix=f".from{self.start}")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Checks that all metrics are finite, and logs them where a row is due.

        Args:
            batch: index of the batch since training began.
            logs: running means of the metrics since the last row.

        Raises:
            FloatingPointError: if a metric is NaN or infinite. The message names the step and the metric.
        """
        step = self.start + batch + 1
        not_finite = {name: value for name, value in logs.items() if not math.isfinite(value)}
        if not_finite:
            name, value = min(not_finite.items(), key=lambda item: item[0] == "loss")  # a term rather than their sum
            executed = self.model.steps_per_execution
            which = f"Step {step}" if executed == 1 else f"One of the steps {step - executed + 1} to {step}"
            raise FloatingPointError(
                f"{which} made the term {name!r} {float(value)}. The last good checkpoint is kept; a smaller "
                "learning rate often helps."
            )
        if step % self.log_every == 0 or step == self.steps:
            self.log_row({"step": step, **{name: float(logs[name]) for name in self.model.metrics_names}})
            self.model.reset_metrics()

    def log_row(self, row: dict[str, float]) -> None:
        """Appends a row to `rows`, and writes it to metrics.csv, TensorBoard and stdout.

        Args:
            row: the step, under "step", followed by the metrics by name.
        """
        self.rows.append(row)
        if not self.writes:
            return
        append_row(self.file, row)
        with self.summaries.as_default(step=row["step"]):
            for name, value in list(row.items())[1:]:
                tf.summary.scalar(name, value)
        self.summaries.flush()
        if not self.terminal:
            print("  ".join(f"{name} {value:.6g}" for name, value in row.items()), flush=True)

    def log_examples(self, step: int) -> None:
        """Writes the examples and, below each, its reconstruction to TensorBoard as one image.

        Args:
            step: training step under which the image is filed.
        """
        if self.examples is None or not self.writes:
            return
        rows = displayable(np.stack([self.examples, self.model.reconstruct(self.examples)]))  # [2, n, H, W, 1 or 3]
        grid = np.concatenate(np.concatenate(rows, axis=1), axis=1)  # [2 H, n W, C]
        with self.summaries.as_default(step=step):
            tf.summary.image("reconstructions", grid[None].clip(0, 1))
        self.summaries.flush()
