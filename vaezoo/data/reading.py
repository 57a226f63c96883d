"""Reading batches: from the indices of every global batch to the images that one process needs of it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf


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

        @tf.autograph.experimental.do_not_convert
        def rows(*parts: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
            return tf.nest.map_structure(self.rows, parts if len(parts) > 1 else parts[0])

        return batches.map(rows).unbatch().apply(tf.data.experimental.assert_cardinality(size))


def read_ahead(
    order: tf.data.Dataset, read: Callable[..., Any], share: Share | None, batch_size: int
) -> tf.data.Dataset:
    """Returns the batches of an order, read in parallel and before they are needed.

    Args:
        order: the indices of each global batch, int64 [B], or several of them.
        read: maps the indices of a batch to what is in it.
        share: the part of every global batch that is read; None for all of it.
        batch_size: B.

    Raises:
        ValueError: if a global batch does not divide among the replicas of the share.
    """
    if share is not None:
        share.check(batch_size)
        order = share.of(order)
    read = tf.autograph.experimental.do_not_convert(read)
    batches = order.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    options = tf.data.Options()
    # tf.data's graph rewrites copy captured tensors, 360 MiB of them for dSprites.
    options.experimental_optimization.apply_default_optimizations = False
    return batches.prefetch(tf.data.AUTOTUNE).with_options(options)
