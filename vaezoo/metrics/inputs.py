"""What every metric accepts: finite codes [N, D], factors [N, F], and a random share of their rows."""

import warnings
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike


def check_codes(codes: ArrayLike, name: str = "codes") -> np.ndarray:
    """`codes` as an array of finite floats [N, D].

    Raises:
        ValueError: not two axes, no rows or columns, not numbers, or a NaN or infinity in it.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or 0 in codes.shape:
        raise ValueError(f"`{name}` must have shape [N, D] with N, D >= 1. Received shape {list(codes.shape)}.")
    if codes.dtype.kind not in "fiub":
        raise ValueError(f"`{name}` must be real numbers. Received dtype {codes.dtype}.")
    bad = ~np.isfinite(codes)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"`{name}` must be finite. Received {bad.sum()} NaN or infinite values, "
            f"the first at row {row}, column {column}."
        )
    return codes if codes.dtype.kind == "f" else codes.astype(np.float64)


def check(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """`codes` as finite floats [N, D] and `factors` as an array [N, F] of the same N.

    Raises:
        ValueError: as `check_codes`; also for factors that are not [N, F], or are NaN.
    """
    codes, factors = check_codes(codes), np.asarray(factors)
    if factors.ndim != 2 or factors.shape[1] == 0:
        raise ValueError(f"`factors` must have shape [N, F] with F >= 1. Received shape {list(factors.shape)}.")
    if len(factors) != len(codes):
        raise ValueError(
            f"`codes` and `factors` must have one row per image each. "
            f"Received {len(codes)} rows of codes and {len(factors)} rows of factors."
        )
    if factors.dtype.kind == "O" and all(isinstance(value, Real) for value in factors.flat):
        factors = factors.astype(np.float64)  # a data frame with integers and floats
    if factors.dtype.kind == "f":
        check_codes(factors, "factors")
    return codes, factors


def classes(factors: np.ndarray) -> np.ndarray:
    """Factor values [N, F] of any type -> class numbers [N, F], 0 ... V_k - 1 in the order of the values.

    Raises:
        ValueError: a factor of one value (there is nothing to encode), or one that is continuous, which is
            taken to mean floats with more than N/2 distinct values: its classes would hold single images.
            Integers and names are classes, however many.
    """
    numbers = np.empty(factors.shape, np.int64, order="F")  # columns are what is counted
    for k, column in enumerate(factors.T):
        values, numbers[:, k] = np.unique(column, return_inverse=True)
        if len(values) == 1:
            raise ValueError(f"Factor {k} must take at least 2 values in the rows used. Received only {values[0]}.")
        if isinstance(values[0], (float, np.floating)) and len(values) > max(2, len(column) / 2):
            raise ValueError(
                f"Factor {k} must be discrete. Received {len(values)} distinct values in {len(column)} rows; "
                "bin a continuous factor first: `vaezoo.metrics.equal_width_bins(factors, bins=20)`."
            )
    return numbers


def numbers(factors: np.ndarray) -> np.ndarray:
    """Continuous factors [N, F] as float64. Raises ValueError where one does not vary, or is no number."""
    y = check_codes(factors, "factors").astype(np.float64)
    constant = np.flatnonzero(np.ptp(y, axis=0) == 0)
    if len(constant):
        raise ValueError(
            f"Factor {constant[0]} must take at least 2 values in the rows used. Received only {y[0, constant[0]]}."
        )
    return y


def at_least_two_factors(factors: np.ndarray, metric: str) -> None:
    """Raises the error of a metric that compares factors with one another."""
    if factors.shape[1] < 2:
        raise ValueError(f"`{metric}` compares factors, so it must have at least 2. Received {factors.shape[1]}.")


def draw(n: int, wanted: Sequence[int | None], rng: np.random.Generator) -> list[np.ndarray]:
    """Disjoint random sets of the rows 0 ... n-1, one per count in `wanted`; None takes every row.

    Where n is less than was asked, all n rows are used, shared out in the proportions asked, and a warning
    says so.

    Raises:
        ValueError: a set would have fewer than 2 rows.
    """
    if wanted[0] is None:
        return [np.arange(n)]
    counts = list(wanted)
    if n < sum(counts):
        counts = [count * n // sum(wanted) for count in wanted]
        warnings.warn(
            f"{sum(wanted)} rows were asked and {n} received: using {counts} of {list(wanted)}.", stacklevel=3
        )
    if min(counts) < 2:
        raise ValueError(f"Every set of rows must have at least 2. Received {n} rows for sets of {list(wanted)}.")
    return np.split(rng.permutation(n)[: sum(counts)], np.cumsum(counts)[:-1])
