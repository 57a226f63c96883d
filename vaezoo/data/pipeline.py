"""The order of the images: which indices batch n holds, as a pure function of (seed, n)."""

import tensorflow as tf

# Fewer rounds leave neighbouring positions and successive epochs visibly correlated: with the 4 of
# tf.random.experimental.index_shuffle, the y positions in a batch of dSprites vary up to 3 times as
# much as a random batch's. From 8 on no such statistic differed from numpy.random's permutations.
ROUNDS = 16


def shuffled(positions: tf.Tensor, size: int, seed: int) -> tf.Tensor:
    """Looks up an endless stream of epochs, each a perfect permutation of the images.

    Position p lies in epoch p // size, at p % size of its permutation.

    Args:
        positions: [B] int64, ascending, B <= size.
        size: the number of images.
        seed: chooses the stream; together with the epoch it is the key of one permutation.

    Returns:
        The indices [B], int64, of the images at these positions.
    """
    epochs = positions // size
    # A batch no larger than the set touches two epochs at most.
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
    """Batches number start_step ... start_step + steps - 1 of the shuffled stream, [B] int64 indices."""

    def batch(n):
        return shuffled(n * batch_size + tf.range(batch_size, dtype=tf.int64), size, seed)

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def ordered_batches(size: int, batch_size: int, *, start_step: int, steps: int) -> tf.data.Dataset:
    """The same in the images' own order; the set's last batch may be smaller."""

    def batch(n):
        return tf.range(n * batch_size, tf.minimum((n + 1) * batch_size, size))

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)
