"""scikit-learn's fits over all cores, with a progress bar on request."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from multiprocessing.pool import ThreadPool
from typing import Any


def over_cores(fit: Callable[..., Any], tasks: list[tuple], label: str, progress: bool) -> list[Any]:
    """`[fit(*task) for task in tasks]`, on every core.

    Threads, since the fits used here leave the interpreter lock to their compiled loops: no process to start
    and no copy of the codes. The bar moves with whichever fit ends.
    """

    def numbered(i: int) -> tuple[int, Any]:
        return i, fit(*tasks[i])

    results = threads().imap_unordered(numbered, range(len(tasks)))
    return [result for _, result in sorted(follow(results, len(tasks), label, progress), key=lambda done: done[0])]


@cache
def threads() -> ThreadPool:
    """One thread a core, always the same: memory that a thread has freed is kept by malloc for threads of its kind."""
    return ThreadPool()


def bar_of(total: int, label: str, progress: bool):
    """A bar to `update` as work goes on, to be closed by `with`; it only shows if `progress`."""
    from tqdm import tqdm

    return tqdm(total=total, desc=label, disable=not progress)


def follow(results: Iterable[Any], total: int, label: str, progress: bool) -> Iterator[Any]:
    """`results`, behind a progress bar if `progress`."""
    with bar_of(total, label, progress) as bar:
        for result in results:
            yield result
            bar.update()
