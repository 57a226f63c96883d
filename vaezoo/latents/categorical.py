"""The categorical block: a one-hot y, in training relaxed by the Gumbel-softmax distribution."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.noise import gumbel

tfd = tfp.distributions


def one_hot_categorical(logits: tf.Tensor) -> tfd.Distribution:
    """Returns the one-hot categorical distribution with batch [B] and event [K].

    Args:
        logits: [B, K].
    """
    return tfd.OneHotCategorical(logits=logits, dtype=tf.float32)


def relaxed(key: tf.Tensor, logits: tf.Tensor, temperature: float | tf.Tensor) -> tf.Tensor:
    """Draws a relaxed one-hot sample y = softmax((log q + g) / tau), g ~ Gumbel(0, 1).

    Its distribution is that of `tfd.RelaxedOneHotCategorical(temperature, logits)`; its noise is the same with and
    without XLA.

    Args:
        key: int32 [2], of the noise.
        logits: [B, K].
        temperature: tau > 0.

    Returns:
        y, [B, K].

    References:
        Jang et al. 2016, "Categorical Reparameterization with Gumbel-Softmax", Eq. 2.
    """
    return tf.nn.softmax((tf.nn.log_softmax(logits) + gumbel(key, tf.shape(logits))) / temperature)


def most_probable(logits: tf.Tensor) -> tf.Tensor:
    """Returns the one-hot [B, K] of the most probable class, from logits [B, K]."""
    return tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1])
