"""SIGINT and SIGTERM during a training."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator


class Interrupted(SystemExit):
    """SIGINT or SIGTERM asked a run to leave, and it has written a checkpoint.

    Where nobody catches it, the process ends as a shell expects: with 128 + the signal's number.
    """

    def __init__(self, number: int, step: int):
        super().__init__(f"Stopped by {signal.Signals(number).name} after step {step}, with a checkpoint.")
        self.code = 128 + number


@contextlib.contextmanager
def recorded_signals() -> Iterator[list[int]]:
    """Records SIGINT and SIGTERM in the list that it gives; the second one ends the process.

    Only the main thread can handle signals: in another one, nothing is recorded.

    Raises:
        SystemExit: at the second signal, with 128 + its number.
    """
    received: list[int] = []

    def handle(number, frame):
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
