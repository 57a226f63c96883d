"""The order of the images: the indices in batch n, as a pure function of (seed, n)."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

# With few rounds, neighbouring positions and successive epochs are correlated: with the 4 rounds of
# tf.random.experimental.index_shuffle, the variance of the y positions in a batch of dSprites is up to 3 times that of
# a random batch. From 8 rounds on, no such statistic differed from that of numpy.random's permutations.
ROUNDS = 16


@dataclasses.dataclass(frozen=True)
class Share:
    """The rows of every global batch that go to the replicas of one process, where N replicas train together.

    A batch consists of minibatches, and replica r has rows r B / N ... (r + 1) B / N - 1 of each of them.

    Attributes:
        replicas: N, the number of replicas in all processes.
        first: the number of the first replica of this process.
        local: the number of replicas of this process.
        minibatches: the number of minibatches in a batch.
    """

    replicas: int
    first: int = 0
    local: int = 1
    minibatches: int = 1

    def check(self, batch_size: int) -> None:
        """Raises ValueError unless each minibatch of a global batch divides among the replicas."""
        if batch_size % (self.replicas * self.minibatches):
            raise ValueError(
                f"Expected a global batch of {self.minibatches} x a multiple of {self.replicas}, the number of "
                f"replicas. Received: {batch_size} images"
            )

    def rows(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the part of a global batch of indices [B] that goes to each local replica, [local, B / N]."""
        size = indices.shape[0] // self.replicas
        parts = tf.reshape(indices, [self.minibatches, self.replicas, size // self.minibatches])
        mine = tf.transpose(parts[:, self.first : self.first + self.local], [1, 0, 2])
        return tf.reshape(mine, [self.local, size])

    def of(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Returns the batches of the local replicas, in turn for each global batch of indices."""
        size = batches.cardinality() * self.local

        def rows(*parts: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
            return tf.nest.map_structure(self.rows, parts if len(parts) > 1 else parts[0])

        return batches.map(rows).unbatch().apply(tf.data.experimental.assert_cardinality(size))


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

    def batch(n: tf.Tensor) -> tf.Tensor:
        return shuffled(n * batch_size + tf.range(batch_size, dtype=tf.int64), size, seed)

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def ordered_batches(size: int, batch_size: int, *, start_step: int, steps: int) -> tf.data.Dataset:
    """Returns batches start_step ... start_step + steps - 1 in the order of the images, as int64 indices.

    The last batch of the set may be smaller than the others.
    """

    def batch(n: tf.Tensor) -> tf.Tensor:
        return tf.range(n * batch_size, tf.minimum((n + 1) * batch_size, size))

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)


def paired_batches(
    sizes: Sequence[int], batch_size: int, *, k: int | None, seed: int, start_step: int, steps: int
) -> tf.data.Dataset:
    """Returns batches start_step ... start_step + steps - 1 of pairs of images that share all factors but k.

    Args:
        sizes: the numbers of classes of the d factors of a `FactorGrid`.
        batch_size: B, the number of pairs in a batch.
        k: the number of factors that are drawn again; None draws it from 1 ... d - 1 for each pair.
        seed: selects the stream; batch n is a pure function of (seed, n).
        start_step: the number of the first batch.
        steps: the number of batches.

    Returns:
        Pairs of indices, each int64 [B].
    """
    d = len(sizes)
    strides = tf.constant(np.cumprod([1, *sizes[:0:-1]])[::-1], tf.int64)

    def batch(n: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pair = tf.stack([tf.constant(seed, tf.int64), n])
        u = tf.random.stateless_uniform([batch_size, 3 * d + 1], pair, dtype=tf.float64, alg="philox")
        drawn, redrawn, score, count = tf.split(u, [d, d, d, 1], axis=-1)
        rank = tf.argsort(tf.argsort(score, axis=-1), axis=-1)  # [B, d], a random permutation of 0 ... d - 1
        changed = rank < (1 + tf.cast(count * (d - 1), tf.int32) if k is None else k)
        first = tf.cast(drawn * sizes, tf.int64)  # [B, d] classes, uniform and independent
        second = tf.where(changed, tf.cast(redrawn * sizes, tf.int64), first)
        return tf.reduce_sum(first * strides, axis=-1), tf.reduce_sum(second * strides, axis=-1)

    return tf.data.Dataset.range(start_step, start_step + steps).map(batch)
