"""A process that answers commands, one at a time, as lines of JSON on its standard input and output.

While it has no command, it waits for one: its thread pools are asleep when another process is timed.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Worker:
    """A running worker process.

    Args:
        python: the interpreter that runs it.
        module: the module that calls `serve`, by its dotted name from the root of the repository.
    """

    def __init__(self, python: str, module: str):
        """Starts the process."""
        self.module = module
        self.process = subprocess.Popen(
            [python, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ask(self, command: str, **arguments) -> Any:
        """Sends a command and waits for its result.

        Args:
            command: a key of the handlers that the module serves.
            **arguments: arguments of the handler, as JSON can store them.

        Raises:
            RuntimeError: if the process ends without a result. It has then printed its traceback.
        """
        with contextlib.suppress(BrokenPipeError):  # the process has ended, as the next line finds
            print(json.dumps([command, arguments]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.module} ended with exit code {self.process.wait()} at {command!r}.")
        return json.loads(line)

    def __enter__(self) -> Worker:
        """Returns the worker."""
        return self

    def __exit__(self, *_):
        """Closes the input of the process, at which it ends, and waits for that."""
        with contextlib.suppress(BrokenPipeError):  # the process has ended before
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve(handlers: Mapping[str, Callable[..., Any]]) -> None:
    """Answers the commands of a `Worker` until its end of the input is closed.

    What libraries print goes to the standard error.

    Args:
        handlers: a function for each command. Its result is sent back as JSON.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            command, arguments = json.loads(line)
            print(json.dumps(handlers[command](**arguments)), file=answers, flush=True)


def cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gflops(multiply: Callable[[], Any], size: int, *, repeats: int = 5, seconds: float = 20.0) -> float:
    """Returns the speed of a product of two square matrices in 10^9 operations a second, the best of `repeats`.

    Args:
        multiply: computes the product and waits for it.
        size: rows of each matrix.
        repeats: number of products.
        seconds: time after which no further product begins.
    """
    durations: list[float] = []
    while len(durations) < repeats and sum(durations) < seconds:
        start = time.perf_counter()
        multiply()
        durations.append(time.perf_counter() - start)
    return 2 * size**3 / min(durations) / 1e9
