"""Executes the runs of a sweep as Ray tasks: Ray schedules and retries, and the run's folder is the checkpoint."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaezoo.extras import extra
from vaezoo.sweep import processes, worker
from vaezoo.sweep.engine import RETRY, end_of
from vaezoo.sweep.lease import is_leased
from vaezoo.sweep.records import ERROR, is_done, read_object, record_error
from vaezoo.sweep.status import StatusLine, StatusReader
from vaezoo.sweep.study import RunSpec
from vaezoo.sweep.worker import WorkerOptions

RETRIES = 3


class WorkerDiedError(RuntimeError):
    """The process of a run was killed; Ray retries the task, which resumes the run."""


def execute_on_ray(
    runs: Sequence[RunSpec],
    folder: Path,
    *,
    address: str | None = None,
    options: WorkerOptions,
    gpus: float = 0.0,
    retry_failed: bool = True,
) -> list[RunSpec]:
    """Executes runs as tasks of a Ray cluster, and returns when all are finished or have failed.

    All nodes need vaezoo and the folder, at the same path: shared storage. If a node dies, Ray retries its tasks on
    others, where the runs resume.

    Args:
        runs: of the study.
        folder: of the sweep.
        address: of the cluster, as `ray.init` takes it; None starts one on this machine.
        options: of the workers; `cores` is the number of CPUs that a task declares.
        gpus: that a task declares.
        retry_failed: whether to try the runs again that failed before.

    Returns:
        The runs that failed.

    Raises:
        MissingExtraError: if Ray is not installed.
    """
    with extra("ray"):
        import ray

    folder, began = folder.absolute(), time.time()
    if not ray.is_initialized():
        # With None, Ray would look for the cluster that was last started here, which may be gone.
        ray.init(address=address or "local", log_to_driver=False)
    execute = ray.remote(
        num_cpus=options.cores, num_gpus=gpus, max_retries=RETRIES, retry_exceptions=[WorkerDiedError]
    )(execute_task)
    reader = StatusReader(folder, runs)
    status = StatusLine(reader, max(1, int(ray.cluster_resources().get("CPU", 1)) // options.cores))
    failed = []
    tasks: dict[Any, RunSpec] = {}
    for run in runs:
        failure = read_object(folder / run.name / ERROR)
        if is_done(folder / run.name, run):
            continue
        if failure and not retry_failed:
            failed.append(run)
            continue
        task = execute.options(name=run.name).remote(run, str(folder / run.name), options, began, os.getcwd())
        tasks[task] = run
    while tasks:
        ended, _ = ray.wait(list(tasks), num_returns=1, timeout=1.0)
        for task in ended:
            run = tasks.pop(task)
            try:
                error = ray.get(task)
            except (ray.exceptions.RayError, WorkerDiedError) as failure:
                error = str(failure).strip().rpartition("\n")[2]
                record_error(folder / run.name, error)
            if error:
                failed.append(run)
                status.message(f"{run.name}: {error.partition(chr(10))[0]}")
        status.update()
    status.update(force=True)
    return failed


def execute_task(run: RunSpec, folder: str, options: WorkerOptions, began: float, working_directory: str) -> str:
    """Executes a run in a process forked from one of this Ray worker's that has imported TensorFlow.

    Args:
        run: the settings.
        folder: of the run.
        options: of the workers.
        began: when the sweep began; a failure after that is final.
        working_directory: of the driver, to which paths of data are relative.

    Returns:
        The error of a failed run, or "".

    Raises:
        WorkerDiedError: if the process was killed.
    """
    if Path(working_directory).is_dir():
        os.chdir(working_directory)
    while True:
        failure = read_object(Path(folder, ERROR))
        if failure and float(failure.get("time", 0)) >= began:
            return str(failure["error"])
        if is_leased(Path(folder)):
            time.sleep(RETRY)
            continue
        process = processes.start(worker.main, run, Path(folder), options, cores=options.cores)
        process.join()
        code = process.exitcode
        if code == worker.DONE:
            return ""
        if code not in (worker.BUSY, worker.LOST, worker.FAILED):
            raise WorkerDiedError(f"{run.name} {end_of(code)}")
        if code != worker.FAILED:
            time.sleep(RETRY)
