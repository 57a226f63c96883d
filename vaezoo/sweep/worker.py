"""Trains and evaluates one run in this process, which has no other use.

The training is the command `vaezoo train`. TensorFlow's threads, whose number determines the last bits of a result,
are as many as the run has cores, however many the machine has.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from vaezoo.durable import folder_lock
from vaezoo.extras import MissingExtraError
from vaezoo.sweep.lease import SECONDS, Lease
from vaezoo.sweep.records import ERROR, LOG, is_done, last_step, read_object, record_done, record_error
from vaezoo.sweep.study import RunSpec

DONE, FAILED, BUSY, LOST = 0, 1, 75, 76
"""Exit codes of a worker: the run is finished; it failed; another worker has it; another worker took its lease."""

GRACE = 30.0  # seconds in which an interrupted training writes its checkpoint


@dataclasses.dataclass(frozen=True)
class WorkerOptions:
    """What the workers of a sweep have in common.

    Attributes:
        data_dir: folder of data files.
        cores: of each run, the number of TensorFlow's threads.
        lease_seconds: length of a lease.
    """

    data_dir: str | None = None
    cores: int = 1
    lease_seconds: float = SECONDS


def thread_environment(cores: int) -> dict[str, str]:
    """Returns the environment variables that set the numbers of threads, read by libraries when they start."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(cores))


def main(run: RunSpec, folder: Path, options: WorkerOptions, cpus: Sequence[int] = ()) -> None:
    """Executes a run and ends this process; its exit code is one of the above, or 128 + a signal's number.

    Args:
        run: the settings.
        folder: of the run.
        options: of the sweep.
        cpus: that this process may use; () for all.
    """
    end_with_parent()
    os.environ.update(thread_environment(options.cores))
    if cpus:
        os.sched_setaffinity(0, cpus)
    sys.exit(execute(run, folder, options))


def execute(run: RunSpec, folder: Path, options: WorkerOptions) -> int:
    """Trains and evaluates a run under its lease, with the output in log.txt.

    Returns:
        The exit code.
    """
    lease = Lease.acquire(folder, options.lease_seconds)
    if lease is None:
        return BUSY
    with lease.held(lost=lambda: os._exit(LOST)):
        if is_done(folder, run):
            return DONE
        try:
            with folder_lock(folder):  # a worker that was stopped beyond its lease may still have it
                pass
        except OSError:
            return BUSY
        (folder / ERROR).unlink(missing_ok=True)
        with (folder / LOG).open("a") as log:
            os.dup2(log.fileno(), 1), os.dup2(log.fileno(), 2)
        try:
            train_and_evaluate(run, folder, options)
        except SystemExit as stopped:
            if isinstance(stopped.code, int) and stopped.code > 128:
                return stopped.code
            return failed(folder, stopped.code)
        except (Exception, KeyboardInterrupt) as error:
            if not isinstance(error, (ValueError, OSError, MissingExtraError)):
                import traceback

                traceback.print_exc()
            return failed(folder, f"{type(error).__name__}: {error}")
    return DONE


def failed(folder: Path, error: object) -> int:
    """Records the error of a run and returns the exit code."""
    print(error, file=sys.stderr, flush=True)
    record_error(folder, str(error))
    return FAILED


def train_and_evaluate(run: RunSpec, folder: Path, options: WorkerOptions) -> None:
    """Runs `vaezoo train`, computes the scores, and records that the run is finished.

    Raises:
        SystemExit: if the training fails or is interrupted.
        ValueError, OSError: if the evaluation fails.
    """
    first_step, start = last_step(folder), time.monotonic()
    command(run.train_arguments(folder, options.data_dir))
    trained = time.monotonic()
    from vaezoo.evaluation import evaluate
    from vaezoo.evaluation.arguments import load_dataset

    arguments = run.evaluation
    trained_on = read_object(folder / "config.json").get("dataset")
    data, arguments["split"] = load_dataset(None, trained_on, data_dir=options.data_dir, split=arguments.get("split"))
    if arguments.get("images"):  # a study of several data sets says "at most"
        arguments["images"] = min(arguments["images"], data.size)
    evaluate(folder, dataset=data, progress="lines", **arguments)
    seconds = {"training": round(trained - start, 3), "evaluation": round(time.monotonic() - trained, 3)}
    record_done(folder, run, seconds, first_step)


def command(arguments: list[str]) -> None:
    """Runs `vaezoo train` in this process.

    Raises:
        SystemExit: if it fails or is interrupted.
    """
    sys.argv = ["vaezoo", "train", *arguments]
    try:
        runpy.run_module("vaezoo", run_name="__main__")
    except SystemExit as ended:
        if ended.code not in (None, 0):
            raise
    finally:
        sys.stdout.flush(), sys.stderr.flush()


def end_with_parent() -> None:
    """Lets this process end when the one that started it does: after a checkpoint, or else after `GRACE` seconds."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        with contextlib.suppress(OSError):
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
