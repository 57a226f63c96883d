"""The order of the images: the indices in batch n, as a pure function of (seed, n)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.factor_table import Lookup

# With few rounds, neighbouring positions and successive epochs are correlated: with the 4 rounds of
# tf.random.experimental.index_shuffle, the variance of the y positions in a batch of dSprites is up to 3 times that of
# a random batch. From 8 rounds on, no such statistic differed from that of numpy.random's permutations.
ROUNDS = 16


def shuffled(positions: tf.Tensor, size: int, seed: int) -> tf.Tensor:
    """Looks up positions in an endless stream of epochs, each a permutation of the images.

    Position p is element p % size of the permutation of epoch p // size.

    Args:
        positions: [B] int64, ascending, B <= size.
        size: the number of images.
        seed: selects the stream; (seed, epoch) is the key of a permutation.

    Returns:
        The indices [B], int64, of the images at these positions.
    """
    epochs = positions // size
    # A batch that is not larger than the set lies in at most two epochs.
    keys = tf.stack([_key(seed, epochs[0]), _key(seed, epochs[0] + 1)])
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % size,
        seed=tf.gather(keys, epochs - epochs[0]),
        max_index=tf.constant(size - 1, tf.int64),
        rounds=ROUNDS,
    )


def _key(seed: int, epoch: tf.Tensor) -> tf.Tensor:
    pair = tf.stack([tf.constant(seed, tf.int64), epoch])
    return tf.random.stateless_uniform([3], pair, minval=None, maxval=None, dtype=tf.int32, alg="philox")


def shuffled_batches(size: int, batch_size: int, *, seed: int, start_step: int, steps: int) -> tf.data.Dataset:
    """Returns batches start_step ... start_step + steps - 1 of the shuffled stream, as int64 indices [B]."""

    @tf.autograph.experimental.do_not_convert
    def batch(n: tf.Tensor) -> tf.Tensor:
        return shuffled(n * batch_size + tf.range(batch_size, dtype=tf.int64), size, seed)

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def weighted_batches(
    weights: npt.NDArray[np.float64], batch_size: int, *, seed: int, start_step: int, steps: int
) -> tf.data.Dataset:
    """Returns batches of images drawn independently, with replacement, in proportion to weights.

    Args:
        weights: [N], not negative, of which one is positive.
        batch_size: B, the number of images in a batch.
        seed: selects the stream; batch n is a pure function of (seed, n).
        start_step: the number of the first batch.
        steps: the number of batches.

    Returns:
        int64 indices [B].
    """
    cumulative = np.cumsum(weights, dtype=np.float64)
    cumulative /= cumulative[-1]
    last = int(np.flatnonzero(weights)[-1])
    with tf.device("CPU:0"):
        bounds = tf.constant(cumulative)

    def batch(n: tf.Tensor) -> tf.Tensor:
        pair = tf.stack([tf.constant(seed, tf.int64), n])
        u = tf.random.stateless_uniform([batch_size], pair, dtype=tf.float64, alg="philox")
        return tf.minimum(tf.searchsorted(bounds, u, side="right", out_type=tf.int64), last)

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def ordered_batches(size: int, batch_size: int, *, start_step: int, steps: int) -> tf.data.Dataset:
    """Returns batches start_step ... start_step + steps - 1 in the order of the images, as int64 indices.

    The last batch of the set may be smaller than the others.
    """

    @tf.autograph.experimental.do_not_convert
    def batch(n: tf.Tensor) -> tf.Tensor:
        return tf.range(n * batch_size, tf.minimum((n + 1) * batch_size, size))

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def paired_batches(
    sizes: Sequence[int],
    batch_size: int,
    *,
    k: int | None,
    seed: int,
    start_step: int,
    steps: int,
    lookup: Lookup | None = None,
) -> tf.data.Dataset:
    """Returns batches start_step ... start_step + steps - 1 of pairs of images that share all factors but k.

    Args:
        sizes: the numbers of classes of the d factors of a `FactorGrid`.
        batch_size: B, the number of pairs in a batch.
        k: the number of factors that are drawn again; None draws it from 1 ... d - 1 for each pair.
        seed: selects the stream; batch n is a pure function of (seed, n).
        start_step: the number of the first batch.
        steps: the number of batches.
        lookup: the images of each combination of a complete `FactorTable`, one of which is drawn; None for a grid.

    Returns:
        Pairs of indices, each int64 [B].
    """
    d = len(sizes)
    strides = tf.constant(np.cumprod([1, *sizes[:0:-1]])[::-1], tf.int64)

    @tf.autograph.experimental.do_not_convert
    def batch(n: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pair = tf.stack([tf.constant(seed, tf.int64), n])
        u = tf.random.stateless_uniform([batch_size, 3 * d + 1], pair, dtype=tf.float64, alg="philox")
        drawn, redrawn, score, count = tf.split(u, [d, d, d, 1], axis=-1)
        rank = tf.argsort(tf.argsort(score, axis=-1), axis=-1)  # [B, d], a random permutation of 0 ... d - 1
        changed = rank < (1 + tf.cast(count * (d - 1), tf.int32) if k is None else k)
        first = tf.cast(drawn * sizes, tf.int64)  # [B, d] classes, uniform and independent
        second = tf.where(changed, tf.cast(redrawn * sizes, tf.int64), first)
        pair = tf.reduce_sum(first * strides, axis=-1), tf.reduce_sum(second * strides, axis=-1)
        return pair if lookup is None else tuple(one_of_each(pair, lookup, tf.stack([tf.constant(seed, tf.int64), ~n])))

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def one_of_each(combinations: Sequence[tf.Tensor], lookup: Lookup, key: tf.Tensor) -> list[tf.Tensor]:
    """Draws an image of each combination.

    Args:
        combinations: the numbers of combinations, int64 [B] each.
        lookup: of a table in which every combination has an image.
        key: int64 [2], of the draw.

    Returns:
        Indices of images, int64 [B] each.
    """
    u = tf.random.stateless_uniform([len(combinations), *combinations[0].shape], key, dtype=tf.float64, alg="philox")
    drawn = []
    for numbers, share in zip(combinations, tf.unstack(u), strict=True):
        start, count = tf.gather(lookup.starts, numbers), tf.gather(lookup.counts, numbers)
        drawn.append(tf.gather(lookup.order, start + tf.cast(share * tf.cast(count, tf.float64), tf.int64)))
    return drawn
