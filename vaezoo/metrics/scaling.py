"""Scales of codes: exact powers of 2 keep squares and sums of very large or small codes within float64."""

import numpy as np

LARGEST = 1e20  # beyond 1e25 lbfgs gives up at its first step, and beyond 1e75 liblinear does not return


def exponents(z: np.ndarray) -> np.ndarray:
    """The least integers e [D] with |z| < 2^e in each column of z [N, D]; 0 for a column of zeros."""
    return np.frexp(np.maximum(z.max(axis=0), -z.min(axis=0)))[1]


def to_unit_range(z: np.ndarray) -> np.ndarray:
    """Each column of z [N, D] times a power of 2, so that its greatest magnitude is in [0.5, 1).

    The product is exact, so a result that does not depend on scale keeps its bits.
    """
    return np.ldexp(z, -exponents(z))


def for_trees(z: np.ndarray) -> np.ndarray:
    """z [N, D] as scikit-learn's trees can split it: they compare in float32, and take steps below 1e-7 for none.

    Columns of ordinary size stay as they are, which keeps the scores those of the reference; others come into [-1, 1].
    """
    e = exponents(z)
    return np.ldexp(z, np.where((e >= -10) & (e <= 100), 0, -e))


def check_scale(z: np.ndarray, user: str) -> None:
    """Raises ValueError for codes z [N, D] that are too large for `user`, a classifier that depends on their scale."""
    largest = max(z.max(), -z.min())
    if largest > LARGEST:
        raise ValueError(
            f"`codes` must lie within ±{LARGEST:g} for {user}, which depends on their scale. "
            f"Received {largest:.4g}; divide them by their standard deviation first."
        )
