"""Entropy and mutual information of discrete variables, by counting, in nats."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.rows import check_count
from vaezoo.metrics.scaling import to_unit_range

ROUNDING = 8 * np.finfo(np.float64).eps  # of entropies: the least information of 10^6 rows is a hundred times this


def entropy(p: np.ndarray, axis: int = -1) -> np.ndarray:
    """Returns H = -sum p log p along `axis`, with 0 log 0 = 0."""
    return -np.sum(p * np.log(p, out=np.zeros_like(p), where=p > 0), axis=axis)


def equal_width_bins(x: ArrayLike, bins: int = 20) -> np.ndarray:
    """Bins each column of x into intervals of equal width between its least and greatest value.

    This is the reference's `histogram_discretizer`.

    Args:
        x: [N, D] or [N].
        bins: number of bins, 2 or more.

    Returns:
        The bin numbers 0 ... bins-1, int64, of the shape of x; a constant column falls into one bin.

    Raises:
        ValueError: for fewer than 2 bins, and for values that are not finite numbers.
    """
    check_count(2, bins=bins)
    x = inputs.as_array(x, "x")
    columns = to_unit_range(inputs.check_codes(x if x.ndim == 2 else x[:, None], "x"))
    binned = np.empty(columns.shape, np.int64, order="F")  # columns are what is counted
    for j, column in enumerate(columns.T):
        edges = np.linspace(column.min(), column.max(), bins + 1)
        binned[:, j] = np.digitize(column, edges[1:-1])
    return binned.reshape(x.shape)


def discrete_columns(num_latents: int, discrete: Sequence[int]) -> np.ndarray:
    """Returns the mask [num_latents] of the columns of codes that `discrete` lists.

    Raises:
        ValueError: for an unknown column.
    """
    unknown = [j for j in discrete if not -num_latents <= j < num_latents]
    if unknown:
        raise ValueError(f"`discrete` must hold columns of the codes, 0 ... {num_latents - 1}. Received {unknown}.")
    mask = np.zeros(num_latents, bool)
    mask[list(discrete)] = True
    return mask


def discretize(codes: np.ndarray, bins: int, discrete: Sequence[int] = ()) -> np.ndarray:
    """Converts codes [N, D] to integers [N, D]: equal-width bins, and exact values in the columns `discrete`.

    Raises:
        ValueError: as `discrete_columns` and `equal_width_bins`.
    """
    counted = discrete_columns(codes.shape[1], discrete)
    x = equal_width_bins(codes, bins)
    for j in np.flatnonzero(counted):
        x[:, j] = np.unique(codes[:, j], return_inverse=True)[1]
    return x


def entropies(x: np.ndarray) -> np.ndarray:
    """Returns H(x_j) [D] nats of each column of non-negative integers x [N, D]."""
    return np.array([entropy(np.bincount(column) / len(x)) for column in x.T])


def discrete_information(x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Returns I(x_j; v_k) = H(x_j) + H(v_k) - H(x_j, v_k), [D, F] nats, of non-negative integers x [N, D], v [N, F].

    Values within the rounding error, as of independent columns, are set to 0: their ratios would be meaningless.
    """
    levels = v.max(axis=0) + 1
    joint = [entropy(np.bincount(x_j * n + v_k) / len(x)) for x_j in x.T for v_k, n in zip(v.T, levels, strict=True)]
    joint = np.reshape(joint, (x.shape[1], v.shape[1]))
    both = entropies(x)[:, None] + entropies(v)
    return np.where(both - joint > ROUNDING * both, both - joint, 0.0)


def mutual_information(
    codes: ArrayLike, factors: ArrayLike, *, bins: int = 20, discrete: Sequence[int] = ()
) -> np.ndarray:
    """Estimates I(z_j; v_k) of every latent with every factor, from all rows by counting.

    Args:
        codes: [N, D], cut into `bins` equal-width bins per column.
        factors: [N, F], discrete, of any type.
        bins: bins per code.
        discrete: columns of `codes` that are classes (the argmax of a categorical latent): counted exactly.

    Returns:
        float64 [D, F], in nats.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, an unknown column in `discrete`.
    """
    codes, factors = inputs.check(codes, factors)
    return discrete_information(discretize(codes, bins, discrete), inputs.classes(factors))
