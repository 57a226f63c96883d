"""Validates the inputs of metrics: finite codes [N, D] and factors [N, F] without missing values."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vaezoo.metrics.scaling import to_unit_range


def as_array(value: ArrayLike, name: str) -> np.ndarray:
    """Converts `value` to an array; lists with strings keep the type of each value.

    Raises:
        ValueError: for masked values, which an array would show as valid, or rows of different lengths.
    """
    parts = value if isinstance(value, (list, tuple)) else [value]
    masked = sum(int(np.sum(np.ma.getmask(part))) for part in parts)
    if masked:
        raise ValueError(f"`{name}` must not be masked. Received {masked} masked values; leave their rows out.")
    try:
        array = np.asarray(value)
        # NumPy makes strings of the numbers beside them, and of NaN.
        return array if array.dtype.kind not in "US" or parts is not value else np.asarray(value, dtype=object)
    except ValueError as error:
        raise ValueError(f"`{name}` must have rows of one length. Received a ragged list.") from error


def check_codes(codes: ArrayLike, name: str = "codes", dtype: DTypeLike = np.float64) -> np.ndarray:
    """Converts `codes` to an array of finite floats [N, D], float64 by default.

    Raises:
        ValueError: if they have no two axes, no rows or no columns, are not numbers, or not finite in `dtype`.
    """
    codes = as_array(codes, name)
    if codes.ndim != 2 or 0 in codes.shape:
        raise ValueError(f"`{name}` must have shape [N, D] with N, D >= 1. Received shape {list(codes.shape)}.")
    if codes.dtype.kind not in "fiub" and codes.dtype.name != "bfloat16":
        raise ValueError(f"`{name}` must be real numbers. Received dtype {codes.dtype}.")
    with np.errstate(over="ignore"):
        codes = codes.astype(dtype, copy=False)
    bad = ~np.isfinite(codes)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        precision = "" if codes.dtype == np.float64 else f" in {codes.dtype}"
        raise ValueError(
            f"`{name}` must be finite{precision}. Received {bad.sum()} NaN or infinite values, "
            f"the first at row {row}, column {column}."
        )
    return codes


def check_posterior(
    mean: ArrayLike, log_var: ArrayLike, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and log-variance [N, d] of a Gaussian posterior as finite arrays of one shape.

    Raises:
        ValueError: as `check_codes`, and for different shapes.
    """
    mean, log_var = (check_codes(a, name, dtype) for a, name in ((mean, "mean"), (log_var, "log_var")))
    if mean.shape != log_var.shape:
        raise ValueError(
            f"`mean` and `log_var` must have the same shape. Received {list(mean.shape)} and {list(log_var.shape)}."
        )
    return mean, log_var


def check_probabilities(q: ArrayLike, n: int) -> np.ndarray:
    """Converts `q` to class probabilities, float64 [n, K].

    Raises:
        ValueError: for another number of rows, negative values, or rows that do not sum to 1.
    """
    q = check_codes(q, "probabilities")
    if len(q) != n or q.min() < 0 or np.abs(q.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            f"`probabilities` must be [{n}, K], non-negative and sum to 1 over K. Received shape {list(q.shape)}, "
            f"least value {q.min():.4g}, sums {q.sum(axis=1).min():.4g} ... {q.sum(axis=1).max():.4g}."
        )
    return q.astype(np.float64)


def check(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Converts `codes` to finite float64 [N, D] and `factors` to an array [N, F] of the same N.

    Raises:
        ValueError: as `check_codes`; for factors that are not [N, F], or have missing values (NaN, NaT, None, NA).
    """
    codes, factors = check_codes(codes), as_array(factors, "factors")
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
    check_complete(factors, "factors")
    return codes, factors


def check_complete(values: np.ndarray, name: str) -> None:
    """Checks that an array of any type and shape has no missing value: NaN, NaT, None or NA.

    Raises:
        ValueError: if it has one; the message has the place of the first.
    """
    if values.dtype.kind == "O":
        missing = np.array([is_missing(value) for value in values.flat], bool).reshape(values.shape)
    elif values.dtype.kind in "fcmM":
        missing = np.isnat(values) if values.dtype.kind in "mM" else np.isnan(values)
    else:
        return
    if missing.any():
        place = tuple(np.argwhere(missing)[0])
        where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), place, strict=False))
        raise ValueError(f"`{name}` must not be {values[place]}. Received {missing.sum()}, the first at {where}.")


def is_missing(value: Any) -> bool:
    """Returns whether an object is None, NaN, NaT or pandas' NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA has no truth value
        return True


def distinct(column: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct values of a column [N], sorted, and the index among them of each row's value [N].

    Raises:
        ValueError: if the values cannot be sorted; `name` is that of the column, for the message.
    """
    try:
        return np.unique(column, return_inverse=True)
    except TypeError as error:
        types = sorted({type(value).__name__ for value in column})
        raise ValueError(f"{name} must hold values of one type. Received {' and '.join(types)}.") from error


def classes(factors: np.ndarray) -> np.ndarray:
    """Converts factor values [N, F] of any type to class numbers [N, F], 0 ... V_k - 1 in the order of the values.

    Integers and names are classes, however many. Floats with more than N/2 distinct values are taken to be continuous,
    because their classes would hold single images.

    Raises:
        ValueError: for a factor of one value, one whose values cannot be sorted (numbers and names), or a continuous
            one.
    """
    numbers = np.empty(factors.shape, np.int64, order="F")  # columns are what is counted
    for k, column in enumerate(factors.T):
        values, numbers[:, k] = distinct(column, f"Factor {k}")
        if len(values) == 1:
            raise ValueError(f"Factor {k} must take at least 2 values in the rows used. Received only {values[0]}.")
        if isinstance(values[0], (float, np.floating)) and len(values) > max(2, len(column) / 2):
            raise ValueError(
                f"Factor {k} must be discrete. Received {len(values)} distinct values in {len(column)} rows; "
                "bin a continuous factor first: `vaezoo.metrics.equal_width_bins(factors, bins=20)`."
            )
    return numbers


def numbers(factors: np.ndarray) -> np.ndarray:
    """Converts continuous factors [N, F] to float64, each times a power of 2 that brings it into [-1, 1].

    Raises:
        ValueError: for a factor that is constant or not a number.
    """
    y = check_codes(factors, "factors")
    constant = np.flatnonzero(np.ptp(y, axis=0) == 0)
    if len(constant):
        raise ValueError(
            f"Factor {constant[0]} must take at least 2 values in the rows used. Received only {y[0, constant[0]]}."
        )
    return to_unit_range(y)


def at_least_two_factors(factors: np.ndarray, metric: str) -> None:
    """Checks that there are two factors, which metrics that compare factors need.

    Raises:
        ValueError: for a single factor; `metric` is the name in the message.
    """
    if factors.shape[1] < 2:
        raise ValueError(f"`{metric}` compares factors, so it must have at least 2. Received {factors.shape[1]}.")
