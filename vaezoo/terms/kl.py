"""KL divergences of q(z, y | x) from the prior, in closed form."""

from __future__ import annotations

import tensorflow as tf


def gaussian_kl(mu: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """KL(N(mu_k, exp(log_var_k)) || N(0, 1)) = 1/2 (mu^2 + exp(log_var) - 1 - log_var), [B, d] nats.

    mu, log_var: [B, d]. Kingma & Welling 2013, appendix B. (expm1 keeps the digits of small divergences.)
    """
    return 0.5 * (tf.square(mu) + tf.math.expm1(log_var) - log_var)


def categorical_kl(logits: tf.Tensor) -> tf.Tensor:
    """KL(q(y | x) || uniform) = sum_c q_c (log q_c + log K), [B] nats, between 0 and log K.

    logits: [B, K] of q(y | x). Dupont 2018, appendix.
    """
    log_q = tf.nn.log_softmax(logits)
    log_K = tf.math.log(tf.cast(tf.shape(logits)[-1], logits.dtype))
    return tf.reduce_sum(tf.exp(log_q) * (log_q + log_K), axis=-1)
