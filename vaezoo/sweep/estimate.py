"""Estimates what a study costs: its runs, its steps, and from a timed step of each kind of model, its hours."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaezoo.presets import PRESETS, Preset
from vaezoo.sweep import processes
from vaezoo.sweep.status import duration
from vaezoo.sweep.study import RunSpec
from vaezoo.sweep.worker import WorkerOptions, thread_environment

WARM_UP, TIMED = 3, 10  # training steps


@dataclasses.dataclass(frozen=True)
class Kind:
    """Runs whose steps take the same time.

    Attributes:
        label: the model, the data set and the batch size.
        runs: the runs.
        steps: training steps of all of them.
        seconds: of one step; None if it could not be timed, and `error` says why.
        error: the message, or "".
    """

    label: str
    runs: Sequence[RunSpec]
    steps: int
    seconds: float | None
    error: str = ""


def preset_of_run(run: RunSpec) -> tuple[str | None, Preset]:
    """Returns the preset that `vaezoo train` takes for a run: its name, if the preset is for the data set, and itself.

    A model without a preset has the settings of the VAE's.
    """
    if name := run.settings.get("preset"):
        return name, PRESETS[name]
    model, dataset = run.settings["model"], run.settings.get("dataset")
    own = {name: preset for name, preset in PRESETS.items() if preset.model == model}
    own = own or {"vae_dsprites": PRESETS["vae_dsprites"]}
    name = next((name for name, preset in own.items() if preset.dataset == dataset), next(iter(own)))
    matches = own[name].model == model and dataset in (None, own[name].dataset)
    return name if matches else None, own[name]


def steps_of(run: RunSpec) -> int:
    """Returns the number of training steps of a run."""
    return run.settings.get("steps") or preset_of_run(run)[1].steps


def kinds_of(runs: Sequence[RunSpec]) -> dict[str, list[RunSpec]]:
    """Groups runs by what the time of a step depends on: all but the seed, steps and numeric hyperparameters."""
    groups: dict[str, list[RunSpec]] = {}
    for run in runs:
        preset = preset_of_run(run)[1]
        deciding: dict[str, Any] = {k: v for k, v in run.hyperparameters.items() if not isinstance(v, (int, float))}
        deciding.pop("regularizer", None)
        batch_size = run.settings.get("batch_size") or preset.batch_size
        dataset = run.settings.get("dataset") or preset.dataset
        model = run.settings.get("preset") or run.settings["model"]
        compiled = [run.settings.get(name) for name in ("jit_compile", "precision")]
        key = json.dumps([model, dataset, batch_size, compiled, deciding])
        groups.setdefault(key, []).append(run)
    return groups


def estimate(runs: Sequence[RunSpec], options: WorkerOptions) -> list[Kind]:
    """Times a training step of each kind of model, each in a process of its own.

    Args:
        runs: of the study.
        options: of the workers.
    """
    kinds = []
    for key, group in kinds_of(runs).items():
        model, dataset, batch_size, _, deciding = json.loads(key)
        kind = deciding.get("kind")
        label = f"{model}{f' {kind}' if kind else ''} on {dataset}, batch {batch_size}"
        with tempfile.TemporaryDirectory() as folder:
            process = processes.start(time_steps, group[0], options, f"{folder}/result.json", cores=options.cores)
            process.join()
            try:
                result = json.loads(Path(folder, "result.json").read_text())
            except (OSError, ValueError):
                result = {"error": f"exit code {process.exitcode}"}
        steps = sum(map(steps_of, group))
        kinds.append(Kind(label, group, steps, result.get("seconds"), result.get("error", "")))
    return kinds


def time_steps(run: RunSpec, options: WorkerOptions, file: str) -> None:
    """Writes the seconds of a training step of a run's model, or the error, to a JSON file.

    Args:
        run: its settings.
        options: of the workers.
        file: the JSON file.
    """
    os.environ.update(thread_environment(options.cores))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    try:
        result: dict[str, Any] = {"seconds": seconds_of_step(run, options.data_dir)}
    except (ValueError, OSError, RuntimeError) as error:
        result = {"error": str(error)}
    Path(file).write_text(json.dumps(result))


def seconds_of_step(run: RunSpec, data_dir: str | None) -> float:
    """Builds a run's model and times its steps."""
    from vaezoo import data as vaezoo_data
    from vaezoo import zoo

    name, preset = preset_of_run(run)
    data = vaezoo_data.load(run.settings.get("dataset") or preset.dataset, data_dir=data_dir)
    given = dict(run.hyperparameters)
    if "dataset_size" in zoo.MODELS[run.settings.get("model") or preset.model].hyperparameters():
        given.setdefault("dataset_size", data.size)
    compiled = {"on": True, "off": False}.get(run.settings.get("jit_compile"), "auto")
    given |= {"jit_compile": compiled, "precision": run.settings.get("precision") or preset.precision}
    model = zoo.create(name or run.settings["model"], image_shape=data.image_shape, seed=0, **given)
    size = (run.settings.get("batch_size") or preset.batch_size) * model.batches_per_step
    model.fit(model.batches(data, size, seed=0, steps=WARM_UP), verbose=0, shuffle=False)
    batches = model.batches(data, size, seed=0, start_step=WARM_UP, steps=TIMED)
    start = time.perf_counter()
    model.fit(batches, verbose=0, shuffle=False)
    return (time.perf_counter() - start) / TIMED


def report(kinds: Sequence[Kind], jobs: int, cores: int) -> str:
    """Formats the cost of a study as a table and a sum.

    Args:
        kinds: of the study.
        jobs: runs at a time.
        cores: of each run.
    """
    lines = [f"{'runs':>6} {'steps':>14} {'ms a step':>10} {'hours':>9}   model"]
    hours = 0.0
    for kind in kinds:
        known = kind.seconds is not None
        own = kind.seconds * kind.steps / 3600 if known else 0.0
        hours += own
        cells = (f"{1000 * kind.seconds:.1f}", f"{own:.2f}") if known else ("?", "?")
        lines.append(f"{len(kind.runs):>6} {kind.steps:>14,} {cells[0]:>10} {cells[1]:>9}   {kind.label} {kind.error}")
    runs, steps = sum(len(kind.runs) for kind in kinds), sum(kind.steps for kind in kinds)
    total = duration(3600 * hours / jobs)
    lines.append(f"{runs:>6} {steps:>14,} {'':>10} {hours:>9.2f}   in all, on {cores} core(s) a run, one run at a time")
    lines.append(f"Training takes about {total} with {jobs} run(s) at a time. Evaluations come on top.")
    return "\n".join(lines)
