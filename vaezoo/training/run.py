"""A run: a folder in which training is a pure function of its configuration, however often it dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from vaezoo.training.checkpoint import Checkpoints
from vaezoo.training.files import write_atomically
from vaezoo.training.logbook import Logbook


class Interrupted(SystemExit):
    """SIGINT or SIGTERM asked a run to leave, and it has written a checkpoint.

    Where nobody catches it, the process ends as a shell expects: with 128 + the signal's number.
    """

    def __init__(self, number: int, step: int):
        super().__init__(f"Stopped by {signal.Signals(number).name} after step {step}, with a checkpoint.")
        self.code = 128 + number


class Run:
    """The folder of one training: config.json, checkpoints/, metrics.csv, tensorboard/, and what comes after.

    folder: made by `fit` where it is missing. config: whatever decides the result, as JSON has it; the same
    configuration in the same folder goes on where the last checkpoint ends.
    Raises ValueError where the folder holds another configuration, or files of something else.
    """

    def __init__(self, folder: str | os.PathLike, config: Mapping[str, Any]):
        self.folder = Path(folder)
        self.config = json.loads(json.dumps(config))
        file = self.folder / "config.json"
        if not file.exists():
            if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
                raise ValueError(f"{self.folder} is not the folder of a run. Choose another one.")
            return
        there = json.loads(file.read_text())
        differences = [
            f"  {name}: {there.get(name)!r} there, {self.config.get(name)!r} now"
            for name in sorted({*there, *self.config})
            if there.get(name) != self.config.get(name)
        ]
        if differences:
            raise ValueError(
                f"{self.folder} holds a run with another configuration. Repeat that to resume it, or choose "
                "another folder.\n" + "\n".join(differences)
            )

    def fit(
        self,
        model: keras.Model,
        data,
        *,
        steps: int,
        batch_size: int,
        seed: int,
        log_every: int = 100,
        checkpoint_every: int = 1000,
        examples=None,
        callbacks=(),
    ) -> list[dict[str, float]]:
        """Train to step `steps`, from the last checkpoint or the start; returns the rows of metrics.csv.

        model: compiled, new. data: a set of `vaezoo.data`. batch_size: images in a minibatch; a step draws
        model.batches_per_step of them. seed: of the order of the images. log_every, checkpoint_every: in steps.
        examples: images [n, H, W, C] whose reconstructions TensorBoard shows at each checkpoint. callbacks: of Keras.
        Raises ValueError for intervals that do not end with an execution of `steps_per_execution`; Interrupted
        after SIGINT and SIGTERM; FloatingPointError where a term, or a weight to be kept, is NaN or infinite.
        """
        intervals = {"steps": steps, "log_every": log_every, "checkpoint_every": checkpoint_every}
        check_intervals(model.steps_per_execution, **intervals)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / "config.json", json.dumps(self.config, indent=2) + "\n")
        checkpoints = Checkpoints(self.folder / "checkpoints", model)
        start = checkpoints.restore()
        logbook = Logbook(self.folder, start=start, steps=steps, every=log_every, examples=examples)
        if start == steps:
            return logbook.rows
        dataset = data.batches(batch_size * model.batches_per_step, seed=seed, start_step=start, steps=steps - start)
        with leaving_on_signals() as asked:
            keeper = Keeper(checkpoints, logbook, checkpoint_every, asked)
            model.fit(dataset, callbacks=[*callbacks, logbook, keeper], verbose=int(logbook.terminal), shuffle=False)
        if keeper.left_at is not None and keeper.left_at < steps:
            raise Interrupted(asked[0], keeper.left_at)
        return logbook.rows


class Keeper(keras.callbacks.Callback):
    """Checkpoints every `every` steps, at the end, and when a signal in `asked` wants the run to leave.

    Stands after `Logbook`, which stops a run that has gone wrong before it is kept.
    """

    def __init__(self, checkpoints: Checkpoints, logbook: Logbook, every: int, asked: list[int]):
        super().__init__()
        self.checkpoints, self.logbook, self.every, self.asked = checkpoints, logbook, every, asked
        self.left_at = None

    def on_train_begin(self, logs=None):
        self.means = [variable.numpy() for variable in self.checkpoints.means]

    def on_epoch_begin(self, epoch, logs=None):
        """The running means go on where the checkpoint left them: fit has just reset them."""
        for variable, value in zip(self.checkpoints.means, self.means, strict=True):
            variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        step = self.logbook.start + batch + 1
        if step % self.every == 0 or step == self.logbook.steps or self.asked:
            self.checkpoints.save(step)
            self.logbook.show_examples(step)
        if self.asked:
            self.left_at = step
            self.model.stop_training = True


@contextlib.contextmanager
def leaving_on_signals() -> Iterator[list[int]]:
    """Collects the numbers of SIGINT and SIGTERM instead of dying of them."""
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check_intervals(steps_per_execution: int, **intervals: int) -> None:
    """Raises ValueError unless every interval, in steps, is positive and a multiple of `steps_per_execution`."""
    for name, value in intervals.items():
        if value < 1 or value % steps_per_execution:
            raise ValueError(
                f"`{name}` must be a positive multiple of steps_per_execution={steps_per_execution}. Received: {value}"
            )
