"""Handling of SIGINT and SIGTERM during training."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupted(SystemExit):
    """Raised when training has stopped after SIGINT or SIGTERM with a checkpoint written.

    If it is not caught, the process exits with status 128 + the signal's number, the convention of shells.

    Args:
        number: number of the signal.
        step: training step of the checkpoint.
    """

    def __init__(self, number: int, step: int):
        """Sets the message and the exit status."""
        super().__init__(f"Stopped by {signal.Signals(number).name} after step {step}, with a checkpoint.")
        self.code = 128 + number


@contextlib.contextmanager
def recorded_signals() -> Iterator[list[int]]:
    """Records SIGINT and SIGTERM instead of terminating; a second signal ends the process.

    Python allows signal handlers in the main thread only: in any other thread nothing is recorded.

    Yields:
        A list to which the number of each received signal is appended.

    Raises:
        SystemExit: at the second signal, with status 128 + its number.
    """
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if received:
            print("Stopped at once by a second signal. The last checkpoint is kept.", file=sys.stderr)
            raise SystemExit(128 + number)
        received.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
