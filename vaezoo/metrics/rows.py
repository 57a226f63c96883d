"""Draws the rows that a metric uses, for one set or for training and test."""

import warnings
from numbers import Integral

import numpy as np

SHARES = {1: (1,), 2: (2, 1)}  # of rows that are too few: two thirds train, one third tests


class UpTo(int):
    """A default number of rows: if there are fewer, all are used without a warning. A plain int is a request.

    It compares, prints and serialises as the int, so signatures and protocols show the number.
    """


def draw(n: int, rng: np.random.Generator, **wanted: int | None) -> list[np.ndarray]:
    """Draws disjoint random sets of the rows 0 ... n-1, one per named count in `wanted`.

    Args:
        n: number of rows.
        rng: draws the sets. A single None takes every row in order and draws nothing.
        **wanted: number of rows of one set, or of two, for training and test. An int is a request. `UpTo` takes the
            rows that the other set leaves, up to its number; None takes all of those. If neither of two is an int, the
            rows are shared 2 : 1, each set within its number.

    Returns:
        int64 arrays of rows. If a request cannot be met, all n rows are used, shared in the requested proportions
        (2 : 1 beside a set without a request), with a warning.

    Raises:
        ValueError: for a count that is not a whole number of at least 2, or a set that would have fewer than 2 rows.
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
    """Returns whether a number of rows was requested by the caller, rather than by default."""
    return count is not None and not isinstance(count, UpTo)


def share(n: int, wanted: list[int | None]) -> tuple[list[int], bool]:
    """Returns the number of rows of each set (see `draw`), and whether a request could not be met."""
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
    """Checks that every named count is a whole number of at least `least`, or None if `or_none`.

    Raises:
        ValueError: for one that is not.
    """
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, Integral) or count < least:
            none = "None (all rows) or " if or_none else ""
            raise ValueError(f"`{name}` must be {none}a whole number of at least {least}. Received {name}={count!r}.")
