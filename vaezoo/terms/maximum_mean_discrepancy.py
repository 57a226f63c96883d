"""The maximum mean discrepancy (MMD) between two sets of samples."""

from __future__ import annotations

import tensorflow as tf

from vaezoo import replicas

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(z: tf.Tensor, z_prior: tf.Tensor, kernel: str = "inverse_multiquadratic") -> tf.Tensor:
    """Estimates MMD^2 = E k(z, z') + E k(p, p') - 2 E k(z, p) by the unbiased U-statistic, which can be negative.

    The first two means leave out the pair of a sample with itself. MMD has no unit; in particular it is not in nats.

    Args:
        z: [B, d], samples of q(z), B >= 2.
        z_prior: [B', d], samples of p(z), B' >= 2.
        kernel: a name of `KERNELS`.

    Returns:
        A scalar.

    Raises:
        ValueError: if `kernel` is unknown.

    References:
        Tolstikhin et al. 2018, "Wasserstein Auto-Encoders", Algorithm 2.
        Gretton et al. 2012, "A Kernel Two-Sample Test", Eq. 3.
    """
    check_kernel(kernel)
    k = KERNELS[kernel]
    z, z_prior = replicas.gathered(z), replicas.gathered(z_prior)
    return mean_of_pairs(k(z, z)) + mean_of_pairs(k(z_prior, z_prior)) - 2.0 * tf.reduce_mean(k(z, z_prior))


def inverse_multiquadratic(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Computes k(a, b) = sum_s C / (C + ||a - b||^2), C = 2 d s for s in SCALES.

    Args:
        a: [B, d].
        b: [B', d].

    Returns:
        [B, B'].

    References:
        Tolstikhin et al. 2018, "Wasserstein Auto-Encoders", section 4.
    """
    C = 2.0 * a.shape[-1] * tf.constant(SCALES)[:, None, None]
    return tf.reduce_sum(C / (C + squared_distances(a, b)), axis=0)


def gaussian(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Computes k(a, b) = exp(-||a - b||^2 / d^2), with the bandwidth of the authors' code.

    Args:
        a: [B, d].
        b: [B', d].

    Returns:
        [B, B'].

    References:
        Zhao et al. 2017, "InfoVAE: Information Maximizing Variational Autoencoders".
    """
    return tf.exp(-squared_distances(a, b) / a.shape[-1] ** 2)


KERNELS = {"inverse_multiquadratic": inverse_multiquadratic, "gaussian": gaussian}


def check_kernel(kernel: str) -> None:
    """Checks the name of a kernel.

    Raises:
        ValueError: if `kernel` is not one of `KERNELS`.
    """
    if kernel not in KERNELS:
        raise ValueError(f"`kernel` must be one of {tuple(KERNELS)}. Received: {kernel!r}")


def squared_distances(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Computes ||a_i - b_j||^2, [B, B'], from [B, d] and [B', d]."""
    return tf.reduce_sum(tf.math.squared_difference(a[:, None], b[None]), axis=-1)


def mean_of_pairs(k: tf.Tensor) -> tf.Tensor:
    """Computes the mean of k_ij over i != j, a scalar, from [B, B]; 0 for B = 1."""
    B = tf.cast(tf.shape(k)[0], k.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(k) - tf.linalg.trace(k), B * (B - 1.0))
