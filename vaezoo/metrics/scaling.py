"""Scales codes by exact powers of 2, so that squares and sums of very large or small codes stay within float64."""

import numpy as np

LARGEST = 1e20  # beyond 1e25 lbfgs gives up at its first step, and beyond 1e75 liblinear does not return


def exponents(z: np.ndarray) -> np.ndarray:
    """Returns the least integers e [D] with |z| < 2^e in each column of z [N, D]; 0 for a column of zeros."""
    return np.frexp(np.maximum(z.max(axis=0), -z.min(axis=0)))[1]


def to_unit_range(z: np.ndarray) -> np.ndarray:
    """Multiplies each column of z [N, D] by the power of 2 that brings its greatest magnitude into [0.5, 1).

    The product is exact, so a result that does not depend on scale has the same bits.
    """
    return np.ldexp(z, -exponents(z))


def for_trees(z: np.ndarray) -> np.ndarray:
    """Scales codes z [N, D] for scikit-learn's trees, which compare in float32 and ignore steps below 1e-7.

    Columns of ordinary size are unchanged, as in the reference; others are brought into [-1, 1].
    """
    e = exponents(z)
    return np.ldexp(z, np.where((e >= -10) & (e <= 100), 0, -e))


def check_scale(z: np.ndarray, user: str) -> None:
    """Checks that codes z [N, D] are not too large for a classifier that depends on their scale.

    Raises:
        ValueError: for codes beyond `LARGEST`; `user` is the name of the classifier in the message.
    """
    largest = max(z.max(), -z.min())
    if largest > LARGEST:
        raise ValueError(
            f"`codes` must lie within ±{LARGEST:g} for {user}, which depends on their scale. "
            f"Received {largest:.4g}; divide them by their standard deviation first."
        )
