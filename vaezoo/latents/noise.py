"""Noise as a pure function of a key (int32 [2]): a step can be replayed, and XLA draws the same numbers.

What stays the same when compiled, measured on TensorFlow 2.21, is the raw bits of a pinned algorithm: not
"auto_select", and neither the uniform nor the normal floats that TensorFlow makes of them.
"""

from __future__ import annotations

import tensorflow as tf


def fold(key: tf.Tensor, data) -> tf.Tensor:
    """A new key (int32 [2]) from a key and an integer."""
    return tf.random.experimental.stateless_fold_in(key, data, alg="philox")


def open_uniform(key: tf.Tensor, shape) -> tf.Tensor:
    """u ~ U(0, 1), float32 [shape], on the grid (n + 1/2) / 2^23: never 0 nor 1, so any inverse CDF is finite."""
    bits = tf.random.stateless_uniform(shape, key, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    return (tf.cast(tf.bitwise.right_shift(bits, 9), tf.float32) + 0.5) * 2.0**-23


def standard_normal(key: tf.Tensor, shape) -> tf.Tensor:
    """eps ~ N(0, 1), float32 [shape]; |eps| < 5.5."""
    return tf.math.ndtri(open_uniform(key, shape))


def gumbel(key: tf.Tensor, shape) -> tf.Tensor:
    """Standard Gumbel noise -log(-log u), float32 [shape]."""
    return -tf.math.log(-tf.math.log(open_uniform(key, shape)))
