"""What a sweep keeps on disk: study.json of the sweep's folder, and sweep.json or error.json of each run's.

<folder>/study.json          the runs by name, with their numbers and settings
<folder>/<run>/sweep.json    a finished run: its settings and how long it took
<folder>/<run>/error.json    a failed run: its error
<folder>/<run>/log.txt       the output of training and evaluation
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaezoo.durable import write_text
from vaezoo.sweep.lease import is_leased
from vaezoo.sweep.study import RunSpec, Study

STUDY, DONE, ERROR, LOG, SCORES = "study.json", "sweep.json", "error.json", "log.txt", "scores.json"
STATES = ("done", "running", "failed", "interrupted", "waiting")


def write_json(file: Path, content: Any) -> None:
    """Replaces a JSON file durably."""
    write_text(file, json.dumps(content, indent=1) + "\n")


def read_object(file: Path) -> dict[str, Any]:
    """Returns the object in a JSON file; {} if the file is missing or damaged."""
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def record_study(study: Study, folder: Path) -> None:
    """Adds the runs of a study to study.json, which keeps the runs that the study had before.

    Args:
        study: whose runs are added.
        folder: of the sweep, which is created.

    Raises:
        ValueError: if the folder is of another study.
    """
    content = read_object(folder / STUDY)
    if content.get("study", study.name) != study.name:
        raise ValueError(f"{folder} holds the study {content['study']!r}. Choose another --out for {study.name!r}")
    runs = {run.name: {"number": run.number, "settings": run.settings} for run in study.runs}
    merged = {"study": study.name, "source": study.source, "runs": {**content.get("runs", {}), **runs}}
    if json.loads(json.dumps(merged)) != content:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / STUDY, merged)


def recorded_runs(folder: Path) -> list[RunSpec]:
    """Returns the runs of study.json by their numbers.

    Raises:
        ValueError: if there is no study.json, or it is damaged.
    """
    try:
        runs = read_object(folder / STUDY)["runs"]
        specs = [RunSpec(int(run["number"]), dict(run["settings"])) for run in runs.values()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"Expected a folder of `vaezoo sweep`. {folder} has no valid {STUDY}") from error
    return sorted(specs, key=lambda run: run.number)


def record_done(folder: Path, run: RunSpec, seconds: dict[str, float], first_step: int) -> None:
    """Writes sweep.json of a finished run.

    Args:
        folder: of the run.
        run: its settings.
        seconds: of its stages, in the process that finished it.
        first_step: from which that process trained.
    """
    evaluation = {"evaluation": run.evaluation, "first_step": first_step}
    write_json(folder / DONE, {"settings": run.settings, **evaluation, "seconds": seconds})
    (folder / ERROR).unlink(missing_ok=True)


def record_error(folder: Path, error: str) -> None:
    """Writes error.json of a failed run.

    Args:
        folder: of the run.
        error: its message.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    content = {"error": error, "time": now.timestamp(), "date": now.isoformat(timespec="seconds"), "log": LOG}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / ERROR, content)


def is_done(folder: Path, run: RunSpec) -> bool:
    """Returns whether a run is trained, and evaluated as its settings say."""
    done = read_object(folder / DONE)
    return bool(done) and done.get("evaluation") == run.evaluation and (folder / SCORES).exists()


def state_of(folder: Path, run: RunSpec) -> str:
    """Returns the state of a run, one of `STATES`.

    Args:
        folder: of the run.
        run: its settings.
    """
    if not folder.is_dir():
        return "waiting"
    if is_done(folder, run):
        return "done"
    if is_leased(folder):
        return "running"
    if (folder / ERROR).exists():
        return "failed"
    return "interrupted" if (folder / "config.json").exists() else "waiting"


def last_step(folder: Path) -> int:
    """Returns the step of a run's newest checkpoint; 0 without one."""
    return max(
        (int(child.name) for child in (folder / "checkpoints").glob("[0-9]*") if child.name.isdigit()), default=0
    )


def select_shard(runs: Iterable[RunSpec], shard: str) -> list[RunSpec]:
    """Returns every n-th run: shard "k/n" has the runs k - 1, k - 1 + n, ..., for k from 1 to n.

    Raises:
        ValueError: if `shard` is not of that form.
    """
    k, slash, n = shard.partition("/")
    if not (slash and k.isdigit() and n.isdigit() and 1 <= int(k) <= int(n)):
        raise ValueError(f"Expected --shard=k/n with k from 1 to n. Received: {shard!r}")
    return list(runs)[int(k) - 1 :: int(n)]
