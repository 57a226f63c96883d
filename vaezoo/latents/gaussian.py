"""The Gaussian block: q(z | x) = N(mu, diag exp(log_var))."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.noise import standard_normal

tfd = tfp.distributions


def diagonal_gaussian(mu: tf.Tensor, log_var: tf.Tensor) -> tfd.Distribution:
    """Returns N(mu, diag exp(log_var)) with batch [B] and event [d], from two [B, d]."""
    return tfd.Independent(tfd.Normal(mu, tf.exp(0.5 * log_var)), reinterpreted_batch_ndims=1)


def reparameterised(key: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Draws z = mu + sigma eps, eps ~ N(0, I), through which gradients reach mu and log_var.

    Args:
        key: int32 [2], of the noise.
        mu: [B, d].
        log_var: [B, d].

    Returns:
        z, [B, d].

    References:
        Kingma & Welling 2013, "Auto-Encoding Variational Bayes", section 2.4.
    """
    return mu + tf.exp(0.5 * log_var) * standard_normal(key, tf.shape(mu))
