"""The decomposition of the KL divergence of the ELBO into mutual information, total correlation and the marginals' KL.

Every term is a single-sample estimate for each image of a batch, from an `AggregatePosterior`; the batch mean estimates
the expectation E over q(z | x) and x. For every sample,

    index_code_mi + total_correlation + dimension_wise_kl = log q(z | x) - log p(z).

References:
    Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders", Eq. 2.
"""

from __future__ import annotations

import math

import tensorflow as tf

from vaezoo.terms.aggregate_posteriors import AggregatePosterior, log_normal


def index_code_mi(q: AggregatePosterior) -> tf.Tensor:
    """Estimates the index-code mutual information I(x; z) = E[log q(z | x) - log q(z)], [B] nats."""
    return tf.reduce_sum(q.given_x, axis=-1) - q.joint


def total_correlation(q: AggregatePosterior) -> tf.Tensor:
    """Estimates the total correlation TC(z) = E[log q(z) - sum_k log q(z_k)], [B] nats."""
    return q.joint - tf.reduce_sum(q.marginals, axis=-1)


def dimension_wise_kl(q: AggregatePosterior, scale: float = 1.0) -> tf.Tensor:
    """Estimates sum_k KL(q(z_k) || r(z_k)) = sum_k E[log q(z_k) - log r(z_k)], r = N(0, scale^2), [B] nats.

    Its negative is IMAE's L(z).

    Args:
        q: the aggregate posterior.
        scale: the standard deviation of r.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Eq. 6.
    """
    log_r = log_normal(q.z, 0.0, 2.0 * math.log(scale))
    return tf.reduce_sum(q.marginals - log_r, axis=-1)


def aggregate_kl(q: AggregatePosterior) -> tf.Tensor:
    """Estimates KL(q(z) || p(z)) = E[log q(z) - log p(z)], p = N(0, I), [B] nats.

    References:
        Zhao et al. 2017, "InfoVAE: Information Maximizing Variational Autoencoders", the divergence D.
    """
    return q.joint - tf.reduce_sum(log_normal(q.z, 0.0, 0.0), axis=-1)


def dimension_mi(q: AggregatePosterior) -> tf.Tensor:
    """Estimates I(x; z_k) = E[log q(z_k | x) - log q(z_k)] of each latent, [B, d] nats.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Eq. 3.
    """
    return q.given_x - q.marginals
