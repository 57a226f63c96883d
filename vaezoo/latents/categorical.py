"""The categorical block: a one-hot y, relaxed by Gumbel noise where gradients must pass."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.noise import gumbel

tfd = tfp.distributions


def one_hot_categorical(logits: tf.Tensor) -> tfd.Distribution:
    """The exact distribution with batch [B] and event [K], from logits [B, K]."""
    return tfd.OneHotCategorical(logits=logits, dtype=tf.float32)


def relaxed(key: tf.Tensor, logits: tf.Tensor, temperature) -> tf.Tensor:
    """A relaxed one-hot sample softmax((log q + g) / tau), [B, K] (Jang et al. 2016, Eq. 2).

    The law of `tfd.RelaxedOneHotCategorical(temperature, logits)`, with noise that XLA does not change.
    """
    return tf.nn.softmax((tf.nn.log_softmax(logits) + gumbel(key, tf.shape(logits))) / temperature)


def most_probable(logits: tf.Tensor) -> tf.Tensor:
    """The one-hot [B, K] of the most probable class: what stands for y at inference."""
    return tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1])
