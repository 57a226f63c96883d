"""Progress bars on stderr, shown on request only. tqdm is imported when a bar is made."""

from collections.abc import Iterable, Iterator
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
