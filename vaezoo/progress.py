"""Progress bars and lines on stderr, shown on request only. tqdm is imported when a bar is made."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def progress_bar(total: int, label: str, show: bool):
    """Returns a tqdm bar of `total` steps, to be used in `with`; it is silent unless `show`."""
    from tqdm import tqdm

    return tqdm(total=total, desc=label, disable=not show)


def track_progress(results: Iterable[Any], total: int, label: str, show: bool) -> Iterator[Any]:
    """Yields `results`, and moves a bar of `total` steps by one after each of them if `show`."""
    with progress_bar(total, label, show) as bar:
        for result in results:
            yield result
            bar.update()


def stage_printer(progress: bool | str) -> Callable[[str], None]:
    """Returns a function that prints the name of a stage, and the seconds since this call, on stderr.

    Args:
        progress: True or "lines" to print; False for a function that does nothing.

    Raises:
        ValueError: for another value of `progress`.
    """
    if progress not in (True, False, "lines"):
        raise ValueError(f"`progress` must be True, False or 'lines'. Received: {progress!r}")
    start = time.monotonic()

    def print_stage(stage: str) -> None:
        if progress:
            print(f"{time.monotonic() - start:6.0f} s  {stage}", file=sys.stderr, flush=True)

    return print_stage
