"""The covariance of the codes, and its distance from the identity, the prior's covariance (DIP-VAE).

References:
    Kumar et al. 2018, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations", Eq. 6 and 7.
"""

from __future__ import annotations

import tensorflow as tf

from vaezoo import replicas


def covariance_of_means(mu: tf.Tensor) -> tf.Tensor:
    """Computes C = Cov_B[mu], [d, d], from mu [B, d], normalised by B (DIP-VAE-I)."""
    mu = replicas.gathered(mu)
    centred = mu - tf.reduce_mean(mu, axis=0)
    return tf.matmul(centred, centred, transpose_a=True) / tf.cast(tf.shape(mu)[0], mu.dtype)


def covariance_of_codes(mu: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Computes C = E_B[diag sigma^2] + Cov_B[mu] = Cov[z], [d, d], from two [B, d] (DIP-VAE-II)."""
    var = replicas.mean(tf.reduce_mean(tf.exp(log_var), axis=0))
    return covariance_of_means(mu) + tf.linalg.diag(var)


def off_diagonal(C: tf.Tensor) -> tf.Tensor:
    """Computes sum_{i != j} C_ij^2, a scalar, from C [d, d]."""
    return tf.reduce_sum(tf.square(C - tf.linalg.diag(tf.linalg.diag_part(C))))


def diagonal(C: tf.Tensor) -> tf.Tensor:
    """Computes sum_i (C_ii - 1)^2, a scalar, from C [d, d]."""
    return tf.reduce_sum(tf.square(tf.linalg.diag_part(C) - 1.0))
