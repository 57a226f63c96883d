"""Which rows a metric uses: a random share of them, and how many."""

import warnings
from numbers import Integral

import numpy as np

SHARES = {1: (1,), 2: (2, 1)}  # of rows that are too few: two thirds train, one third tests


class UpTo(int):
    """A default number of rows: where there are fewer, all are used without a warning. A plain int is a request.

    It equals, prints and serialises as the int, so that signatures and protocols show the number.
    """


def draw(n: int, rng: np.random.Generator, **wanted: int | None) -> list[np.ndarray]:
    """Disjoint random sets of the rows 0 ... n-1, one per named count in `wanted`.

    Args:
        n: rows there are.
        rng: draws them. A single None takes every row in order and draws nothing.
        wanted: rows of one set, or of two, for training and test. An int is given as asked. `UpTo` takes what the
            other set leaves, up to its number; None takes all of that. Where neither of two is an int, their rows are
            shared 2 : 1, each within its number.

    Returns:
        int64 arrays of rows. Where an int cannot be given, all n rows are used, shared in the proportions asked (2 : 1
        beside a set without an int), and a warning says so.

    Raises:
        ValueError: a count that is no whole number of at least 2, or a set that would have fewer than 2 rows.
    """
    for name, count in wanted.items():
        if count is not None:
            check_count(2, or_none=True, **{name: count})
    if list(wanted.values()) == [None]:
        return [np.arange(n)]
    counts, refused = share(n, list(wanted.values()))
    if refused:
        asked = sum(count for count in wanted.values() if requested(count))
        message = f"{asked} rows were asked and {n} received: using {counts} of {list(wanted.values())}."
        warnings.warn(message, stacklevel=3)
    if min(counts) < 2:
        raise ValueError(
            f"Every set of rows must have at least 2. Received {n} rows for sets of {list(wanted.values())}."
        )
    return np.split(rng.permutation(n)[: sum(counts)], np.cumsum(counts)[:-1])


def requested(count: int | None) -> bool:
    """Whether a caller asked for this number of rows."""
    return count is not None and not isinstance(count, UpTo)


def share(n: int, wanted: list[int | None]) -> tuple[list[int], bool]:
    """Rows of each set (see `draw`), and whether a requested number could not be given."""
    asked = [count if requested(count) else 0 for count in wanted]
    unasked = [not requested(count) for count in wanted]
    refused = sum(asked) + 2 * sum(unasked) > n and any(asked)
    if refused and not any(unasked):
        return [count * n // sum(asked) for count in asked], True
    if refused:
        asked, unasked = [0] * len(wanted), [True] * len(wanted)
    left = n - sum(asked)
    weights = [weight * free for weight, free in zip(SHARES[len(wanted)], unasked, strict=True)]
    counts = [
        min(n if count is None else count, left * weight // sum(weights)) if free else count
        for count, weight, free in zip(wanted, weights, unasked, strict=True)
    ]
    if None in wanted:
        counts[wanted.index(None)] += n - sum(counts)
    return counts, refused


def check_count(least: int, or_none: bool = False, **counts: int) -> None:
    """Raises ValueError for a named count that is no whole number of at least `least`."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, Integral) or count < least:
            none = "None (all rows) or " if or_none else ""
            raise ValueError(f"`{name}` must be {none}a whole number of at least {least}. Received {name}={count!r}.")
