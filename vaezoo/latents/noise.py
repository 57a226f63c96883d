"""Random numbers as pure functions of a key (int32 [2]), the same in eager mode, in graphs and under XLA.

The generator is Philox4x32-10, a function of a key of 64 bits and a counter of 128 bits. On TensorFlow 2.21 its raw
bits are the same with and without XLA; the uniform and normal floats that TensorFlow derives from them are not, so that
they are derived here.

References:
    Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from vaezoo import replicas

Shape: TypeAlias = tf.Tensor | Sequence[int]

DRAW, FOLD = 0, 1  # The upper half of the counter, so that `fold` never returns bits that a draw uses.


def philox(key: tf.Tensor, counter: tf.Tensor, shape: Shape) -> tf.Tensor:
    """Generates uniform random bits.

    Args:
        key: int32 [2].
        counter: uint64 [2], the first counter.
        shape: of the result.

    Returns:
        uint32 [shape].
    """
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape,
        key=tf.reshape(tf.bitcast(key, tf.uint64), [1]),
        counter=counter,
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=tf.uint32,
    )


def fold(key: tf.Tensor, data: int | tf.Tensor) -> tf.Tensor:
    """Derives a new key, int32 [2], from a key and an integer."""
    data = tf.bitcast(tf.cast(data, tf.int64), tf.uint64)
    return tf.bitcast(philox(key, tf.stack([data, tf.constant(FOLD, tf.uint64)]), [2]), tf.int32)


def step_key(seed: int, step: int | tf.Tensor, stream: int) -> tf.Tensor:
    """Returns the key (int32 [2]) of the noise of a step: a pure function of seed, step and stream."""
    return fold(tf.stack([tf.constant(seed % 2**31, tf.int32), tf.cast(step, tf.int32)]), stream)


def rows_of_replica(key: tf.Tensor, shape: Shape) -> tf.Tensor:
    """Generates the uniform random bits of this replica's rows of the global batch.

    The bits of N replicas, one below the other, are those that one device draws for the global batch: a replica starts
    the counter where its rows begin. All replicas must have batches of one size.

    Args:
        key: int32 [2], the same on all replicas.
        shape: [B / N, ...], of the result.

    Returns:
        uint32 [shape].
    """
    size = tf.reduce_prod(tf.cast(shape, tf.int32))
    first = replicas.index() * size  # a counter gives four numbers
    bits = philox(key, tf.cast(tf.stack([first // 4, DRAW]), tf.uint64), [size + 3])
    return tf.reshape(bits[first % 4 :][:size], shape)


def open_uniform(key: tf.Tensor, shape: Shape) -> tf.Tensor:
    """Draws from U(0, 1), float32 [shape].

    The values lie on the grid (n + 1/2) / 2^23, which excludes 0 and 1: every inverse CDF of them is finite. Where
    several replicas compute a step, the first axis is that of their images; see `rows_of_replica`.
    """
    one = replicas.count() == 1
    bits = philox(key, tf.constant([0, DRAW], tf.uint64), shape) if one else rows_of_replica(key, shape)
    return (tf.cast(tf.bitwise.right_shift(bits, 9), tf.float32) + 0.5) * 2.0**-23


def standard_normal(key: tf.Tensor, shape: Shape) -> tf.Tensor:
    """Draws from N(0, 1), float32 [shape], by the inverse CDF; absolute values are below 5.5."""
    return tf.math.ndtri(open_uniform(key, shape))


def gumbel(key: tf.Tensor, shape: Shape) -> tf.Tensor:
    """Draws standard Gumbel noise -log(-log u), float32 [shape]."""
    return -tf.math.log(-tf.math.log(open_uniform(key, shape)))


def permuted(z: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Returns z [B, d] with every column in a random order of its own: a sample of prod_k q(z_k).

    The order is that of the images of all replicas.

    Args:
        z: a sample of q(z), [B, d].
        key: int32 [2].

    References:
        Kim & Mnih 2018, "Disentangling by Factorising", Algorithm 1.
    """
    order = tf.argsort(replicas.gathered(open_uniform(key, tf.shape(z))), axis=0)
    columns = tf.gather(tf.transpose(replicas.gathered(z)), tf.transpose(order), batch_dims=1)
    return replicas.own_rows(tf.transpose(columns))
