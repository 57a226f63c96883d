"""The progress of a sweep: how many runs are done, running and failed, and the time left; also as status.json."""

from __future__ import annotations

import dataclasses
import datetime
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaezoo.sweep.records import DONE, STATES, last_step, read_object, state_of, write_json
from vaezoo.sweep.study import RunSpec

FILE = "status.json"


@dataclasses.dataclass(frozen=True)
class Status:
    """The state of every run of a sweep.

    Attributes:
        states: the name of each run -> one of `STATES`.
        seconds_left: estimated from the finished runs of each model; None while there is none.
    """

    states: dict[str, str]
    seconds_left: float | None

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs in each state."""
        counts = Counter(self.states.values())
        return {state: counts[state] for state in STATES}

    @property
    def line(self) -> str:
        """The counts and the time left in one line."""
        shown = [f"{count} {state}" for state, count in self.counts.items() if count or state == "done"]
        left = "" if self.seconds_left is None or not self.unfinished else f"; {duration(self.seconds_left)} left"
        return f"{len(self.states)} runs: {', '.join(shown)}{left}"

    @property
    def unfinished(self) -> int:
        """The number of runs that are neither done nor failed."""
        return len(self.states) - self.counts["done"] - self.counts["failed"]

    def write(self, folder: Path) -> None:
        """Writes status.json into the folder of the sweep, which the first run may not have created yet."""
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        left = None if self.seconds_left is None else round(self.seconds_left)
        content: dict[str, Any] = {"total": len(self.states), **self.counts, "seconds_left": left, "updated": now}
        write_json(folder / FILE, content)


class StatusReader:
    """Reads the status of a sweep's runs; those that it has found done are not read again.

    Args:
        folder: of the sweep.
        runs: of the sweep.
    """

    def __init__(self, folder: Path, runs: Sequence[RunSpec]):
        self.folder, self.runs = folder, list(runs)
        self.seconds: dict[str, float] = {}

    def read(self, workers: int | None = None) -> Status:
        """Reads the state of every run.

        Args:
            workers: that share the remaining runs; by default the number of running ones, at least 1.
        """
        states = {}
        for run in self.runs:
            done = run.name in self.seconds
            states[run.name] = "done" if done else state_of(self.folder / run.name, run)
            if states[run.name] == "done" and not done:
                taken = read_object(self.folder / run.name / DONE).get("seconds", {})
                self.seconds[run.name] = float(sum(taken.values()))
        running = workers or max(1, list(states.values()).count("running"))
        return Status(states, self.seconds_left(states, running))

    def seconds_left(self, states: dict[str, str], workers: int) -> float | None:
        """Estimates the seconds that the unfinished runs take.

        A run is expected to take as long as the median of the finished ones of its model and number of steps, or else
        of all finished ones.
        """
        if not self.seconds:
            return None
        kinds: dict[tuple, list[float]] = {}
        for run in self.runs:
            if run.name in self.seconds:
                kinds.setdefault(kind_of(run), []).append(self.seconds[run.name])
        overall = statistics.median(self.seconds.values())
        left = 0.0
        for run in self.runs:
            if states[run.name] not in ("done", "failed"):
                expected = statistics.median(kinds.get(kind_of(run), [overall]))
                steps = run.settings.get("steps")
                share = last_step(self.folder / run.name) / steps if steps and states[run.name] != "waiting" else 0.0
                left += expected * max(0.0, 1.0 - share)
        return left / workers


class StatusLine:
    """Shows the progress while a sweep runs: a line that changes on a terminal, and status.json.

    Args:
        reader: of the status.
        workers: that share the runs.
        every: seconds between two readings.
    """

    def __init__(self, reader: StatusReader, workers: int, every: float = 5.0):
        self.reader, self.workers, self.every = reader, workers, every
        self.next, self.terminal = 0.0, sys.stderr.isatty()

    def update(self, force: bool = False) -> None:
        """Reads and shows the status if it is time to, or if `force`."""
        if not force and time.monotonic() < self.next:
            return
        status = self.reader.read(self.workers)
        status.write(self.reader.folder)
        if self.terminal:
            print(f"\r\033[K{status.line}", end="", file=sys.stderr, flush=True)
        self.next = time.monotonic() + max(self.every, len(self.reader.runs) / 100)

    def message(self, text: str) -> None:
        """Prints a line of its own on stderr."""
        print(f"\r\033[K{text}" if self.terminal else text, file=sys.stderr, flush=True)


def kind_of(run: RunSpec) -> tuple:
    """Returns what the duration of a run depends on most: its model or preset, and the number of steps."""
    return run.settings.get("preset"), run.settings.get("model"), run.settings.get("steps")


def duration(seconds: float) -> str:
    """Formats a duration: "45 s", "12 min", "3.5 h" or "6.2 days"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
