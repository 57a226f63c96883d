"""Reproducible training that resumes exactly after an interruption."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vaezoo.data import ImageData
from vaezoo.durable import check_writable, folder_lock, remove_abandoned, write_text
from vaezoo.models import BaseVAE
from vaezoo.networks.precision import compute_precision
from vaezoo.packages import package_versions, source_commit
from vaezoo.training.checkpoint import Checkpoint, list_checkpoints, newest_valid_checkpoint
from vaezoo.training.checkpoint_callback import CheckpointCallback
from vaezoo.training.checkpoint_manager import CheckpointManager
from vaezoo.training.identity import differing_lines
from vaezoo.training.intervals import check_intervals
from vaezoo.training.metrics_csv import write_rows
from vaezoo.training.metrics_logger import MetricsLogger
from vaezoo.training.signals import Interrupted, recorded_signals
from vaezoo.training.workers import Workers

PACKAGES = ("vaezoo", "tensorflow", "keras")

OTHERS_FILES = frozenset({"tensorboard", "log.txt", "error.json"})
"""Names that a run's folder may have before its training begins: those that `vaezoo.sweep` writes are among them."""


class Run:
    """The folder of one training.

    It holds config.json, checkpoints/, metrics.csv and tensorboard/. A run with the same configuration and folder
    resumes from the newest valid checkpoint, and its result is bit-identical to that of an uninterrupted training.

    Args:
        folder: folder of the run, which `fit` creates if it does not exist.
        config: JSON-serialisable settings of the training. They identify the run, except for those named in
            `identity.NON_IDENTIFYING`, which may change when a run resumes.
        writes: whether this process reads and writes the folder. Of several workers that train together, the first one
            does; the others get the state from it and return no rows of earlier steps.

    Raises:
        ValueError: if the folder holds checkpoints of another configuration, files that are not of a run, or a
            damaged config.json of which no checkpoint has a copy.
        OSError: if the folder cannot be written to.
    """

    def __init__(self, folder: str | os.PathLike, config: Mapping[str, Any], *, writes: bool = True):
        """Checks that the folder is writable, and is new or of this configuration. Nothing is written."""
        self.folder = Path(folder)
        self.config = json.loads(json.dumps(config))
        self.writes = writes
        self._lock_depth = 0
        if not writes:
            return
        check_writable(self.folder)
        others = {child.name for child in self.folder.glob("*") if not child.name.startswith(".")} - OTHERS_FILES
        if others and "config.json" not in others and not list_checkpoints(self.checkpoints):
            raise ValueError(f"{self.folder} is not the folder of a run. Choose another one.")
        self.check_config(self.config)

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.folder / "checkpoints"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Creates the folder and locks it for this process. Nested calls keep the one lock.

        Raises:
            OSError: if another process holds the lock.
        """
        if self.writes:
            self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.nullcontext() if self._lock_depth or not self.writes else folder_lock(self.folder):
            self._lock_depth += 1
            try:
                yield
            finally:
                self._lock_depth -= 1

    def stored_config(self) -> dict[str, Any] | None:
        """Reads the configuration that is stored in the folder.

        Warns if config.json is damaged or missing and the copy in a checkpoint is used instead.

        Returns:
            The configuration; None if there is no checkpoint yet, so that another configuration may use the folder.
        """
        if not list_checkpoints(self.checkpoints):
            return None
        file = self.folder / "config.json"
        try:
            return json.loads(file.read_text())
        except (OSError, ValueError):
            copy = newest_valid_checkpoint(self.checkpoints)
            warnings.warn(f"{file} is damaged. The copy in {copy.folder} takes its place.", RuntimeWarning, 3)
            return copy.config

    def check_config(self, config: Mapping[str, Any]) -> None:
        """Checks that the folder is free, or holds checkpoints of this configuration.

        Args:
            config: settings of the training.

        Raises:
            ValueError: if there are checkpoints of another configuration. The message lists the differences.
        """
        there = self.stored_config()
        if there is None:
            return
        if differences := differing_lines(there, config):
            raise ValueError(
                f"{self.folder} holds a run with another configuration. Repeat that to resume it, or choose "
                "another folder.\n" + "\n".join(differences)
            )

    def fit(
        self,
        model: BaseVAE,
        data: ImageData,
        *,
        steps: int,
        batch_size: int,
        seed: int,
        log_every: int = 100,
        checkpoint_every: int = 1000,
        examples: np.ndarray | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> list[dict[str, float]]:
        """Trains up to step `steps`, from the newest valid checkpoint or from the start.

        A finished run may be extended with a larger `steps`. The result is bit-identical to that of a run that had
        this value from the start.

        Args:
            model: a new, compiled model. One built in the scope of a `tf.distribute` strategy trains on its replicas.
            data: the training images.
            steps: total number of training steps.
            batch_size: images in a minibatch, of all replicas together. A step draws `model.batches_per_step` of them.
            seed: determines the order of the images.
            log_every: steps between two rows of metrics.csv.
            checkpoint_every: steps between two checkpoints.
            examples: images [n, H, W, C] in [0, 1] whose reconstructions TensorBoard shows at each checkpoint.
            callbacks: additional Keras callbacks, which run before those of the run.

        Returns:
            The rows of metrics.csv.

        Raises:
            ValueError: if an interval is not a multiple of `steps_per_execution`, the run is past `steps`, the data or
                the model differ from those of the checkpoint, or no checkpoint is valid.
            OSError: if another process holds the folder, or writing fails. Existing checkpoints are kept.
            Interrupted: after SIGINT or SIGTERM, once a checkpoint is written.
            FloatingPointError: if a metric, or a variable to be checkpointed, is NaN or infinite.
            RuntimeError: if training ends before `steps`, because the data ended or TensorFlow could not write a file.
        """
        intervals = {"steps": steps, "log_every": log_every, "checkpoint_every": checkpoint_every}
        check_intervals(model.steps_per_execution, **intervals)
        workers = Workers(model.distribute_strategy)
        config = {
            **self.config,
            "precision": compute_precision(model),
            "replicas": workers.replicas,
            "data": {"size": data.size, "digest": data.digest},
            "packages": package_versions(PACKAGES),
            "commit": source_commit(),
        }
        decisive = [config["data"], config["precision"], intervals, batch_size, seed]
        workers.check_same(json.dumps(decisive), "data and settings")
        if self.writes:
            self.check_config(config)
        with self.locked():
            manager = CheckpointManager(self.checkpoints, model, config, self.writes)
            newest = manager.restore() if self.writes else None
            start, rows = (newest.step, newest.rows) if newest else (0, [])
            start = workers.share_state(manager.state, start)
            if start > steps:
                raise ValueError(f"{self.folder} is at step {start} already. Expected `steps` from there on: {steps}")
            if self.writes:
                self.reset_files(config, newest, rows)
            if start == steps:
                return rows
            logger = MetricsLogger(
                self.folder,
                start=start,
                steps=steps,
                log_every=log_every,
                rows=rows,
                examples=examples,
                writes=self.writes,
            )
            batches = workers.batches(model, data, batch_size, seed=seed, start_step=start, steps=steps - start)
            with recorded_signals() as received:
                checkpointing = CheckpointCallback(manager, logger, checkpoint_every, received, workers)
                model.fit(
                    batches,
                    callbacks=[*callbacks, logger, checkpointing],
                    verbose=int(logger.terminal and self.writes),
                    shuffle=False,
                    steps_per_epoch=steps - start if workers.distributed else None,
                )
                workers.finish()
        if checkpointing.interrupted_at is not None and checkpointing.interrupted_at < steps:
            raise Interrupted((received or [signal.SIGTERM])[0], checkpointing.interrupted_at)
        if manager.newest_step != steps:  # `fit` returns normally when the data or a callback raise OutOfRangeError
            raise RuntimeError(
                f"Training ended at step {model.step.numpy()} of {steps}: its data ended, or a file could not be "
                f"written. The checkpoint of step {manager.newest_step or 0} is kept."
            )
        return logger.rows

    def reset_files(self, config: Mapping[str, Any], newest: Checkpoint | None, rows: list[dict[str, float]]) -> None:
        """Writes config.json, and resets metrics.csv to the state of the checkpoint from which training resumes.

        A killed run may have logged rows after its last checkpoint: training writes them again. Without a checkpoint,
        the logs of earlier attempts are deleted. Warns if the versions of packages have changed.

        Args:
            config: settings of the training.
            newest: the checkpoint from which training resumes; None for a start from step 0.
            rows: rows of metrics.csv at that checkpoint.
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
