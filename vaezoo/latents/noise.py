"""Noise as a pure function of a key (int32 [2]): a step can be replayed, and XLA draws the same numbers.

The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), a function of a key
of 64 bits and a counter of 128. What stays the same when compiled, measured on TensorFlow 2.21, is its raw bits, and
neither the uniform nor the normal floats that TensorFlow makes of them.
"""

from __future__ import annotations

import tensorflow as tf

DRAW, FOLD = 0, 1  # the upper half of the counter, so that no bits of a fold are those of a draw


def philox(key: tf.Tensor, counter, shape) -> tf.Tensor:
    """Uniform bits, uint32 [shape], from a key (int32 [2]) and the first counter (uint64 [2])."""
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape,
        key=tf.reshape(tf.bitcast(key, tf.uint64), [1]),
        counter=counter,
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=tf.uint32,
    )


def fold(key: tf.Tensor, data) -> tf.Tensor:
    """A new key (int32 [2]) from a key and an integer."""
    data = tf.bitcast(tf.cast(data, tf.int64), tf.uint64)
    return tf.bitcast(philox(key, tf.stack([data, tf.constant(FOLD, tf.uint64)]), [2]), tf.int32)


def step_key(seed: int, step, stream) -> tf.Tensor:
    """The key (int32 [2]) of a step's noise: a pure function of seed, step, stream and replica."""
    key = fold(tf.stack([tf.constant(seed % 2**31, tf.int32), tf.cast(step, tf.int32)]), stream)
    context = tf.distribute.get_replica_context()
    many = context is not None and tf.distribute.get_strategy().num_replicas_in_sync > 1
    return fold(key, context.replica_id_in_sync_group) if many else key


def open_uniform(key: tf.Tensor, shape) -> tf.Tensor:
    """u ~ U(0, 1), float32 [shape], on the grid (n + 1/2) / 2^23: never 0 nor 1, so any inverse CDF is finite."""
    bits = philox(key, tf.constant([0, DRAW], tf.uint64), shape)
    return (tf.cast(tf.bitwise.right_shift(bits, 9), tf.float32) + 0.5) * 2.0**-23


def standard_normal(key: tf.Tensor, shape) -> tf.Tensor:
    """eps ~ N(0, 1), float32 [shape]; |eps| < 5.5."""
    return tf.math.ndtri(open_uniform(key, shape))


def gumbel(key: tf.Tensor, shape) -> tf.Tensor:
    """Standard Gumbel noise -log(-log u), float32 [shape]."""
    return -tf.math.log(-tf.math.log(open_uniform(key, shape)))
