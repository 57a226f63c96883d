"""What a run tells: metrics.csv, TensorBoard, the terminal, and a stop where a term is no number."""

from __future__ import annotations

import csv
import io
import math
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from vaezoo.training.files import write_atomically


class Logbook(keras.callbacks.Callback):
    """A row in metrics.csv every `every` steps and at the last: the terms' means since the row before.

    folder: of the run. start: the step that it goes on from; rows after it, which a killed run wrote past its
    last checkpoint, are dropped. examples: images [n, H, W, C] whose reconstructions TensorBoard shows.
    Raises FloatingPointError, naming step and term, where a term is NaN or infinite.
    """

    def __init__(self, folder: Path, *, start: int, steps: int, every: int, examples=None):
        super().__init__()
        self.file, self.start, self.steps, self.every = folder / "metrics.csv", start, steps, every
        self.examples = examples
        self.rows = [row for row in read_rows(self.file) if row["step"] <= start]
        self.summaries = tf.summary.create_file_writer(str(folder / "tensorboard"), filename_suffix=f".from{start}")
        self.terminal = sys.stdout.isatty()

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
        write_rows(self.file, self.rows)
        with self.summaries.as_default(step=row["step"]):
            for name, value in list(row.items())[1:]:
                tf.summary.scalar(name, value)
        self.summaries.flush()
        if not self.terminal:
            print("  ".join(f"{name} {value:.6g}" for name, value in row.items()), flush=True)

    def show_examples(self, step: int) -> None:
        """Images above, their reconstructions below, in TensorBoard."""
        if self.examples is None:
            return
        rows = np.stack([self.examples, self.model.reconstruct(self.examples)])  # [2, n, H, W, C]
        grid = np.concatenate(np.concatenate(rows, axis=1), axis=1)  # [n H, 2 W, C]
        with self.summaries.as_default(step=step):
            tf.summary.image("reconstructions", grid[None].clip(0, 1))
        self.summaries.flush()


def read_rows(file: Path) -> list[dict[str, float]]:
    """The rows of a metrics.csv, none where it is missing."""
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return [{**{k: float(v) for k, v in row.items()}, "step": int(row["step"])} for row in csv.DictReader(lines)]


def write_rows(file: Path, rows: list[dict[str, float]]) -> None:
    """Replace a metrics.csv by these rows."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(file, text.getvalue())
