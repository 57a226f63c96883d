"""Reproducible training in a folder, which resumes exactly after an interruption."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from vaezoo.durable import check_writable, folder_lock, remove_abandoned, write_text
from vaezoo.packages import package_versions
from vaezoo.training.checkpoint import Checkpoint, Checkpoints, newest_whole, numbered
from vaezoo.training.keeper import Keeper
from vaezoo.training.logbook import Logbook
from vaezoo.training.rows import write_rows
from vaezoo.training.signals import Interrupted, recorded_signals

CIRCUMSTANCES = ("preset", "dataset", "origin", "steps", "log_every", "checkpoint_every", "packages")
"""What a configuration may hold that does not decide the bits of a training."""

PACKAGES = ("vaezoo", "tensorflow", "keras")


class Run:
    """The folder of one training.

    It holds config.json, checkpoints/, metrics.csv and tensorboard/. The same configuration in the same folder goes on
    from the newest whole checkpoint, and ends with the bits of a training that was never interrupted.

    Args:
        folder: made by `fit` where it is missing.
        config: the settings of the training, as JSON has them. Those of `CIRCUMSTANCES` may differ when a run goes on;
            the others identify it.

    Raises:
        ValueError: if the folder holds checkpoints of another configuration, files of something else, or a
            config.json that is damaged and of which no checkpoint has a copy.
        OSError: if nothing can be written there.
    """

    def __init__(self, folder: str | os.PathLike, config: Mapping[str, Any]):
        self.folder = Path(folder)
        self.config = json.loads(json.dumps(config))
        self._holders = 0
        check_writable(self.folder)
        others = {child.name for child in self.folder.glob("*") if not child.name.startswith(".")} - {"tensorboard"}
        if others and "config.json" not in others and not numbered(self.checkpoints):
            raise ValueError(f"{self.folder} is not the folder of a run. Choose another one.")
        self.check(self.config)

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder, which is made, for this process; may be nested.

        Raises:
            OSError: if another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.nullcontext() if self._holders else folder_lock(self.folder):
            self._holders += 1
            try:
                yield
            finally:
                self._holders -= 1

    def stored_config(self) -> dict[str, Any] | None:
        """The configuration in the folder; None while there is no checkpoint, so that the folder is free for another.

        Warns where config.json is damaged or missing and the copy in a checkpoint takes its place.
        """
        if not numbered(self.checkpoints):
            return None
        file = self.folder / "config.json"
        try:
            return json.loads(file.read_text())
        except (OSError, ValueError):
            copy = newest_whole(self.checkpoints)
            warnings.warn(f"{file} is damaged. The copy in {copy.folder} takes its place.", RuntimeWarning, 3)
            return copy.config

    def check(self, config: Mapping[str, Any]) -> None:
        """Raises ValueError, with the differences, where the folder holds checkpoints of another configuration."""
        there = self.stored_config()
        if there is None:
            return
        later = {"data", "packages"} - config.keys()  # what `fit` adds
        differences = [
            f"  {name}: {there.get(name)!r} there, {config.get(name)!r} now"
            for name in sorted({*there, *config} - later - {*CIRCUMSTANCES})
            if there.get(name) != config.get(name)
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
        """Trains to step `steps`, from the newest whole checkpoint or the start.

        A run that has ended goes on where `steps` is larger, with the bits of a run that had so many from the start.

        Args:
            model: compiled, new.
            data: a set of `vaezoo.data`.
            steps: training steps in all.
            batch_size: images in a minibatch; a step draws model.batches_per_step of them.
            seed: of the order of the images.
            log_every: steps between rows of metrics.csv.
            checkpoint_every: steps between checkpoints.
            examples: images [n, H, W, C] whose reconstructions TensorBoard shows at each checkpoint.
            callbacks: of Keras.

        Returns:
            The rows of metrics.csv.

        Raises:
            ValueError: if an interval does not end with an execution of `steps_per_execution`; if the run is past
                `steps`; if the data or the model differ from those of the checkpoint; if no checkpoint is whole.
            OSError: if another process holds the folder, or writing fails. The checkpoints are kept.
            Interrupted: after SIGINT and SIGTERM.
            FloatingPointError: if a term, or a weight to be kept, is NaN or infinite.
            RuntimeError: if training ends before `steps`, as where the data ended or a write failed in TensorFlow.
        """
        intervals = {"steps": steps, "log_every": log_every, "checkpoint_every": checkpoint_every}
        check_intervals(model.steps_per_execution, **intervals)
        config = {**self.config, "data": {"size": data.size, "digest": data.digest}, "packages": versions()}
        self.check(config)
        with self.locked():
            checkpoints = Checkpoints(self.checkpoints, model, config)
            newest = checkpoints.restore()
            start, rows = (newest.step, newest.rows) if newest else (0, [])
            if start > steps:
                raise ValueError(f"{self.folder} is at step {start} already. Expected `steps` from there on: {steps}")
            self.begin(config, newest, rows)
            if start == steps:
                return rows
            logbook = Logbook(self.folder, start=start, steps=steps, every=log_every, rows=rows, examples=examples)
            batches = data.batches(
                batch_size * model.batches_per_step, seed=seed, start_step=start, steps=steps - start
            )
            with recorded_signals() as received:
                keeper = Keeper(checkpoints, logbook, checkpoint_every, received)
                verbose = int(logbook.terminal)
                model.fit(batches, callbacks=[*callbacks, logbook, keeper], verbose=verbose, shuffle=False)
        if keeper.left_at is not None and keeper.left_at < steps:
            raise Interrupted(received[0], keeper.left_at)
        if checkpoints.whole != steps:
            raise RuntimeError(
                f"Training ended at step {int(model.step)} of {steps}: its data ended, or a file could not be written. "
                f"The checkpoint of step {checkpoints.whole or 0} is kept."
            )
        return logbook.rows

    def begin(self, config: Mapping[str, Any], newest: Checkpoint | None, rows: list[dict[str, float]]) -> None:
        """Writes config.json and metrics.csv as they were at the checkpoint.

        A killed run may have logged more rows than its checkpoint has: they come again. What an attempt logged that
        never came to a checkpoint is removed. Warns where the run goes on with other versions of packages.
        """
        before = newest.config.get("packages") if newest else None
        if before and before != config["packages"]:
            warnings.warn(
                f"The run was started with {before} and goes on with {config['packages']}: its last bits may differ "
                "from those of an uninterrupted one.",
                RuntimeWarning,
                stacklevel=3,
            )
        remove_abandoned(self.folder)
        write_text(self.folder / "config.json", json.dumps(config, indent=2) + "\n")
        if newest is None:
            shutil.rmtree(self.folder / "tensorboard", ignore_errors=True)
            (self.folder / "metrics.csv").unlink(missing_ok=True)
        else:
            write_rows(self.folder / "metrics.csv", rows)


def versions() -> dict[str, str]:
    """The versions of the packages that decide a training's last bits."""
    return package_versions(PACKAGES)


def check_intervals(steps_per_execution: int, **intervals: int) -> None:
    """Raises ValueError unless every interval, in steps, is positive and a multiple of `steps_per_execution`."""
    for name, value in intervals.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")
        if value % steps_per_execution:
            raise ValueError(
                f"`{name}` must be a multiple of steps_per_execution={steps_per_execution}. Received: {value}"
            )
