"""KL divergences of q(z, y | x) from the prior, in closed form."""

from __future__ import annotations

import tensorflow as tf


def gaussian_kl(mu: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Computes KL(N(mu_k, exp(log_var_k)) || N(0, 1)) = 1/2 (mu^2 + exp(log_var) - 1 - log_var).

    `expm1` keeps the significant digits of small divergences.

    Args:
        mu: [B, d].
        log_var: [B, d].

    Returns:
        [B, d] nats.

    References:
        Kingma & Welling 2013, "Auto-Encoding Variational Bayes", appendix B.
    """
    return 0.5 * (tf.square(mu) + tf.math.expm1(log_var) - log_var)


def categorical_kl(logits: tf.Tensor) -> tf.Tensor:
    """Computes KL(q(y | x) || uniform) = sum_c q_c (log q_c + log K), between 0 and log K.

    Args:
        logits: [B, K] of q(y | x).

    Returns:
        [B] nats.

    References:
        Dupont 2018, "Learning Disentangled Joint Continuous and Discrete Representations", appendix.
    """
    log_q = tf.nn.log_softmax(logits)
    log_K = tf.math.log(tf.cast(tf.shape(logits)[-1], logits.dtype))
    return tf.reduce_sum(tf.exp(log_q) * (log_q + log_K), axis=-1)
