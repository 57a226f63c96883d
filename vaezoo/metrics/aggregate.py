"""The aggregate posterior q(z) of a data set, at samples of it: I(x; z) and the total correlation are read from it."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from vaezoo.metrics import inputs
from vaezoo.metrics.parallel import follow
from vaezoo.terms import AggregatePosterior, dimension_wise_kl, index_code_mi, total_correlation
from vaezoo.terms.aggregate_posteriors import log_normal

SAMPLES, ROWS = 128, 4096  # at once: with d = 10, 21 MB for each operation that XLA does not fuse away


def aggregate(
    mean: np.ndarray,
    log_var: np.ndarray,
    *,
    seed: int = 0,
    dataset_size: int | None = None,
    num_samples: int = 1000,
    progress: bool = False,
) -> AggregatePosterior:
    """log q(z | x), log q(z) and log q(z_k) of samples z_i ~ q(z | x_i), in nats, from every row at once.

        q(z_i) = 1/N q(z_i | x_i) + (N - 1)/N mean_{j != i} q(z_i | x_j)

    which is exact where the rows are the whole data set, and unbiased where they are a random sample of it; its
    logarithm is then low by the noise of the mean, so that I(x; z) comes out high where few rows are near z_i: in the
    limit it is log N for any code that tells the images apart. `vaezoo.terms.aggregate_posterior` does this for a
    minibatch ("mss", with one pair weighed otherwise).

    Args:
        mean, log_var: [n, d], of q(z | x).
        seed: draws the images x_i (without replacement) and the samples.
        dataset_size: N; n by default.
        num_samples: one for each of so many images, or for each row where there are fewer. All of it costs
            num_samples n d exponentials: about a minute for 1,000 on the whole of dSprites, on one core.
        progress: show a bar.

    Raises:
        ValueError: bad shapes, NaN, fewer than 2 rows, or a `dataset_size` below their number.
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
    for first in follow(samples, len(samples), "aggregate posterior", progress):
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


@tf.function(jit_compile=True)
def densities(z, own, mean, log_var, weights):
    """log sum_j w_ij q(z_i | x_j), [S], and the same of each z_ik, [S, d], over rows j [R, d]; row own_i is x_i."""
    log_w = tf.where(tf.range(tf.shape(mean)[0]) == own[:, None], weights[0], weights[1])  # [S, R]
    log_q = log_normal(z[:, None], mean[None], log_var[None])  # [S, R, d]
    joint = tf.reduce_logsumexp(log_w + tf.reduce_sum(log_q, axis=-1), axis=1)
    return joint, tf.reduce_logsumexp(log_w[..., None] + log_q, axis=1)


def decomposition(q: AggregatePosterior) -> dict[str, float]:
    """The three parts of E KL(q(z | x) || p(z)), in nats, by their means over samples (Chen et al. 2018, Eq. 2).

    Returns:
        `mi_z`, I(x; z); `total_correlation`; `dimension_wise_kl`, sum_k KL(q(z_k) || p(z_k)); and the standard error
        of each as `_se`. For every sample they add up to log q(z | x) - log p(z).
    """
    parts = {"mi_z": index_code_mi, "total_correlation": total_correlation, "dimension_wise_kl": dimension_wise_kl}
    return mean_and_error({name: part(q).numpy() for name, part in parts.items()})


def mean_and_error(values: dict[str, np.ndarray]) -> dict[str, float]:
    """The mean of each [n], in float64, and its standard error as `<name>_se`."""
    result = {}
    for name, value in values.items():
        value = value.astype(np.float64)
        result[name] = float(value.mean())
        result[f"{name}_se"] = float(value.std(ddof=1) / math.sqrt(len(value)))
    return result


def check_posterior(mean: np.ndarray, log_var: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as finite float32 [n, d]. Raises ValueError for anything else."""
    mean, log_var = (inputs.check_codes(a, name, np.float32) for a, name in ((mean, "mean"), (log_var, "log_var")))
    if mean.shape != log_var.shape:
        raise ValueError(
            f"`mean` and `log_var` must have the same shape. Received {list(mean.shape)} and {list(log_var.shape)}."
        )
    return mean, log_var
