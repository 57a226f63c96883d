"""The aggregate posterior q(z) of a data set, and the decomposition of the KL that follows from it."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from vaezoo.progress import track_progress
from vaezoo.terms import AggregatePosterior, dimension_wise_kl, index_code_mi, total_correlation
from vaezoo.terms.aggregate_posteriors import log_normal

SAMPLES, ROWS = 128, 4096  # at once: with d = 10, 21 MB for each operation that XLA does not fuse away


def dataset_aggregate_posterior(
    mean: np.ndarray,
    log_var: np.ndarray,
    *,
    seed: int = 0,
    dataset_size: int | None = None,
    num_samples: int = 1000,
    progress: bool = False,
) -> AggregatePosterior:
    """Computes log q(z | x), log q(z) and log q(z_k) at samples z_i ~ q(z | x_i), in nats, from all rows.

        q(z_i) = 1/N q(z_i | x_i) + (N - 1)/N mean_{j != i} q(z_i | x_j)

    This is exact if the rows are the whole data set, and unbiased if they are a random sample of it. The logarithm of
    an unbiased estimate is biased downwards by its noise, so I(x; z) is overestimated if few rows are near z_i: at
    worst it is log N, for any code that separates the images. `vaezoo.terms.aggregate_posterior` computes the same
    for a minibatch ("mss", which weights one pair differently).

    Args:
        mean: [n, d], of q(z | x).
        log_var: [n, d], of q(z | x).
        seed: seeds the draw of the images x_i (without replacement), and the samples.
        dataset_size: N; n by default.
        num_samples: number of images x_i, each with one sample; all rows if there are fewer. The cost is
            num_samples n d exponentials: about a minute for 1,000 on the whole of dSprites, on one core.
        progress: show a bar.

    Returns:
        The samples and their log-densities.

    Raises:
        ValueError: for bad shapes, NaN, fewer than 2 rows, or a `dataset_size` below their number.
    """
    mean, log_var = check_posterior(mean, log_var)
    n, N = len(mean), len(mean) if dataset_size is None else dataset_size
    if n > N or n < 2 or num_samples < 2:
        raise ValueError(
            "Expected at least 2 rows, `dataset_size` of at least their number, and `num_samples` of at least 2. "
            f"Received {n} rows, dataset_size={dataset_size}, num_samples={num_samples}."
        )
    rng = np.random.default_rng(seed)
    own = rng.permutation(n)[:num_samples]
    z = mean[own] + np.exp(0.5 * log_var[own]) * rng.standard_normal((len(own), mean.shape[1]), np.float32)
    weights = tf.constant([-math.log(N), math.log((N - 1) / (N * (n - 1)))], tf.float32)  # log w: own, others

    parts = []
    samples = range(0, len(own), SAMPLES)
    for first in track_progress(samples, len(samples), "aggregate posterior", progress):
        drawn = slice(first, first + SAMPLES)
        sums = [
            densities(
                z[drawn],
                tf.constant(own[drawn] - start, tf.int32),
                mean[start : start + ROWS],
                log_var[start : start + ROWS],
                weights,
            )
            for start in range(0, n, ROWS)
        ]
        parts.append([tf.reduce_logsumexp(tf.stack(sums_of), axis=0) for sums_of in zip(*sums, strict=True)])
    joint, marginals = (tf.concat(part, 0) for part in zip(*parts, strict=True))
    given_x = log_normal(z, tf.constant(mean[own]), tf.constant(log_var[own]))
    return AggregatePosterior(z=tf.constant(z), given_x=given_x, joint=joint, marginals=marginals)


@tf.function(jit_compile=True, autograph=False)
def densities(
    z: tf.Tensor, own: tf.Tensor, mean: tf.Tensor, log_var: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes log sum_j w_ij q(z_i | x_j), [S], and the same of each z_ik, [S, d], over some of the rows.

    Args:
        z: samples [S, d].
        own: the row of x_i for each sample, int32 [S]; outside of 0 ... R - 1 if it is not among these rows.
        mean: [R, d], of q(z | x_j).
        log_var: [R, d], of q(z | x_j).
        weights: log w_ij [2], of j = i and of any other j.
    """
    log_w = tf.where(tf.range(tf.shape(mean)[0]) == own[:, None], weights[0], weights[1])  # [S, R]
    log_q = log_normal(z[:, None], mean[None], log_var[None])  # [S, R, d]
    joint = tf.reduce_logsumexp(log_w + tf.reduce_sum(log_q, axis=-1), axis=1)
    return joint, tf.reduce_logsumexp(log_w[..., None] + log_q, axis=1)


def decomposition(q: AggregatePosterior) -> dict[str, float]:
    """Decomposes E KL(q(z | x) || p(z)) into three terms, in nats, means over samples (Chen et al. 2018, Eq. 2).

    For every sample the terms add up to log q(z | x) - log p(z).

    Args:
        q: by `dataset_aggregate_posterior`.

    Returns:
        `mi_z`, I(x; z); `total_correlation`; `dimension_wise_kl`, sum_k KL(q(z_k) || p(z_k)); and the standard error
        of each as `_se`.
    """
    parts = {"mi_z": index_code_mi, "total_correlation": total_correlation, "dimension_wise_kl": dimension_wise_kl}
    return mean_and_error({name: part(q).numpy() for name, part in parts.items()})


def mean_and_error(values: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the mean of each array [n], in float64, and its standard error as `<name>_se`."""
    result = {}
    for name, value in values.items():
        value = value.astype(np.float64)
        result[name] = float(value.mean())
        result[f"{name}_se"] = float(value.std(ddof=1) / math.sqrt(len(value)))
    return result


def check_posterior(mean: np.ndarray, log_var: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as float32 [n, d].

    Raises:
        ValueError: for different shapes, another number of axes than 2, and values that are not finite in float32.
    """
    with np.errstate(over="ignore"):
        mean, log_var = (np.asarray(array, np.float32) for array in (mean, log_var))
    if mean.ndim != 2 or mean.shape != log_var.shape:
        raise ValueError(
            "`mean` and `log_var` must have the same shape [n, d]. "
            f"Received {list(mean.shape)} and {list(log_var.shape)}."
        )
    for name, array in (("mean", mean), ("log_var", log_var)):
        if bad := np.count_nonzero(~np.isfinite(array)):
            raise ValueError(f"`{name}` must be finite in float32. Received {bad} NaN or infinite values.")
    return mean, log_var
