"""Independent scikit-learn fits on all cores, with a progress bar on request."""

from collections.abc import Callable
from functools import cache
from multiprocessing.pool import ThreadPool
from typing import Any

from vaezoo.progress import track_progress


def thread_map(fit: Callable[..., Any], tasks: list[tuple], label: str, progress: bool) -> list[Any]:
    """Returns `[fit(*task) for task in tasks]`, computed by one thread for each core.

    Threads suffice because the fits used here release the interpreter lock in their compiled loops: no process has to
    be started, and the codes are not copied. The bar moves whenever a fit ends, in any order.

    Args:
        fit: is called with the items of a task as positional arguments.
        tasks: one tuple of arguments for each call.
        label: of the bar.
        progress: show the bar.

    Returns:
        The results, in the order of `tasks`.
    """

    def numbered(i: int) -> tuple[int, Any]:
        return i, fit(*tasks[i])

    results = thread_pool().imap_unordered(numbered, range(len(tasks)))
    tracked = track_progress(results, len(tasks), label, progress)
    return [result for _, result in sorted(tracked, key=lambda done: done[0])]


@cache
def thread_pool() -> ThreadPool:
    """Returns a pool of one thread for each core, created once.

    malloc keeps memory that a thread has freed for that thread, so new threads for every call would increase the
    memory in use.
    """
    return ThreadPool()
