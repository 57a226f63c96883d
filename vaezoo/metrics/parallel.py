"""scikit-learn's fits over all cores, with a progress bar on request."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def over_cores(fit: Callable[..., Any], tasks: list[tuple], label: str, progress: bool) -> list[Any]:
    """`[fit(*task) for task in tasks]`, on every core.

    Threads, since the fits used here leave the interpreter lock to their compiled loops: no process to start
    and no copy of the codes.
    """
    from joblib import Parallel, delayed

    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(delayed(fit)(*task) for task in tasks)
    return list(follow(results, len(tasks), label, progress))


def follow(results: Iterable[Any], total: int, label: str, progress: bool) -> Iterator[Any]:
    """`results`, behind a progress bar if `progress`."""
    if not progress:
        return iter(results)
    from tqdm import tqdm

    return iter(tqdm(results, desc=label, total=total))
