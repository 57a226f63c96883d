"""Executes the runs of a sweep in local processes that share the cores out."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from vaezoo.sweep import processes, worker
from vaezoo.sweep.lease import is_leased
from vaezoo.sweep.records import ERROR, is_done, read_object, record_error
from vaezoo.sweep.status import StatusLine, StatusReader
from vaezoo.sweep.study import RunSpec
from vaezoo.sweep.worker import WorkerOptions

ATTEMPTS = 3  # times that the process of a run may be killed
RETRY = 2.0  # seconds after which a run that another worker has is tried again


def execute_locally(
    runs: Sequence[RunSpec], folder: Path, *, jobs: int, options: WorkerOptions, retry_failed: bool = True
) -> list[RunSpec]:
    """Executes runs, `jobs` at a time, and returns when all are finished or have failed.

    Finished runs are skipped, interrupted ones resumed. A run that another worker has is waited for, and taken over
    if that worker dies.

    Args:
        runs: of the study.
        folder: of the sweep.
        jobs: processes at a time.
        options: of the workers.
        retry_failed: whether to try the runs again that failed before.

    Returns:
        The runs that failed.

    Raises:
        SystemExit: after SIGINT or SIGTERM, which the workers receive, too; they have written checkpoints then.
    """
    return LocalEngine(folder, runs, jobs, options, retry_failed).execute()


class LocalEngine:
    """The state of `execute_locally`, whose arguments it takes."""

    def __init__(
        self, folder: Path, runs: Sequence[RunSpec], jobs: int, options: WorkerOptions, retry_failed: bool = True
    ):
        self.folder, self.options, self.began = folder.absolute(), options, time.time()
        self.retry_failed = retry_failed
        self.waiting = deque(runs)
        self.attempts = dict.fromkeys((run.name for run in runs), 0)
        self.not_before: dict[str, float] = {}
        self.slots = share_cores(jobs, options.cores)
        self.active: dict[BaseProcess, tuple[RunSpec, int]] = {}
        self.failed: list[RunSpec] = []
        self.status = StatusLine(StatusReader(self.folder, runs), jobs)
        self.stopped_by = 0

    def execute(self) -> list[RunSpec]:
        """Starts runs while there are free slots, and collects those that ended."""
        with self.forwarded_signals():
            while (self.waiting or self.active) and not (self.stopped_by and not self.active):
                self.start_runs()
                multiprocessing.connection.wait([process.sentinel for process in self.active], timeout=0.5)
                for process in [process for process in self.active if not process.is_alive()]:
                    self.collect(process)
                self.status.update()
        self.status.update(force=True)
        if self.stopped_by:
            self.status.message(f"Stopped by {signal.Signals(self.stopped_by).name}. The same command goes on.")
            raise SystemExit(128 + self.stopped_by)
        return self.failed

    def start_runs(self) -> None:
        """Starts the next runs in the free slots."""
        for _ in range(len(self.waiting)):
            busy = {slot for _, slot in self.active.values()}
            free = [slot for slot in range(len(self.slots)) if slot not in busy]
            if not free or self.stopped_by:
                return
            run = self.waiting.popleft()
            if time.monotonic() < self.not_before.get(run.name, 0.0):
                self.waiting.append(run)
            elif is_done(self.folder / run.name, run):
                continue
            elif self.has_failed(run):
                self.failed.append(run)
            elif is_leased(self.folder / run.name):
                self.postpone(run)
            else:
                arguments = (run, self.folder / run.name, self.options, self.slots[free[0]])
                process = processes.start(worker.main, *arguments, cores=self.options.cores)
                self.active[process] = run, free[0]

    def has_failed(self, run: RunSpec) -> bool:
        """Returns whether a run has failed since this sweep began; without `retry_failed`, ever."""
        failure = read_object(self.folder / run.name / ERROR)
        return bool(failure) and (not self.retry_failed or float(failure.get("time", 0)) >= self.began)

    def collect(self, process: BaseProcess) -> None:
        """Handles the end of a run's process."""
        (run, _), code = self.active.pop(process), process.exitcode
        process.join()
        process.close()
        if code == worker.DONE or self.stopped_by:
            return
        self.attempts[run.name] += code not in (worker.BUSY, worker.LOST)
        if code in (worker.BUSY, worker.LOST):
            self.postpone(run)
        elif code == worker.FAILED:
            self.failed.append(run)
            error = read_object(self.folder / run.name / ERROR).get("error", "unknown error")
            self.status.message(f"{run.name}: {str(error).partition(chr(10))[0]}")
        elif self.attempts[run.name] < ATTEMPTS:
            self.status.message(f"{run.name}: {end_of(code)}; it is started again")
            self.waiting.appendleft(run)
        else:
            record_error(self.folder / run.name, f"The process {end_of(code)}, {ATTEMPTS} times")
            self.failed.append(run)

    def postpone(self, run: RunSpec) -> None:
        """Tries a run that another worker has again later."""
        if run.name not in self.not_before:
            self.status.message(f"{run.name}: another worker has it")
        self.not_before[run.name] = time.monotonic() + RETRY
        self.waiting.append(run)

    @contextlib.contextmanager
    def forwarded_signals(self) -> Iterator[None]:
        """Forwards SIGINT and SIGTERM to the workers as SIGTERM while the block runs, and starts no further ones."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.stopped_by = number
            for process in self.active:
                with contextlib.suppress(OSError):
                    os.kill(process.pid, signal.SIGTERM)

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def share_cores(jobs: int, cores: int) -> list[list[int]]:
    """Returns the CPUs of each of `jobs` slots: `cores` of its own, or [] for no limit if there are too few."""
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if jobs * cores > len(cpus):
        return [[] for _ in range(jobs)]
    return [cpus[slot * cores : (slot + 1) * cores] for slot in range(jobs)]


def end_of(code: int) -> str:
    """Describes how a process ended."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by {signal.Signals(code - 128).name}" if code > 128 else f"ended with exit code {code}"
