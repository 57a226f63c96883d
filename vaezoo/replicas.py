"""The replicas of a training step under `tf.distribute`: each computes on its rows of the global batch.

In a step on one device, and outside of a step, there is one replica, and every function returns what it is given. All
replicas must have batches of one size.
"""

from __future__ import annotations

import tensorflow as tf


def count() -> int:
    """Returns the number of replicas N that compute the current step together; 1 outside of a step."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def index() -> tf.Tensor:
    """Returns the number of this replica, int32, 0 ... N - 1."""
    context = tf.distribute.get_replica_context()
    return tf.convert_to_tensor(context.replica_id_in_sync_group if context else 0, tf.int32)


def total(x: tf.Tensor) -> tf.Tensor:
    """Returns the sum of x over the replicas. Gradients flow to the x of every replica."""
    if count() == 1:
        return x
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, x)


def mean(x: tf.Tensor) -> tf.Tensor:
    """Returns the mean of x over the replicas. Gradients flow to the x of every replica."""
    return x if count() == 1 else total(x) / count()


def gathered(x: tf.Tensor) -> tf.Tensor:
    """Returns the rows of all replicas in their order, [N B, ...], of x [B, ...]. Gradients flow to every replica."""
    if count() == 1:
        return x
    before, B = index() * tf.shape(x)[0], tf.shape(x)[0]
    others = tf.concat([[[before, (count() - 1) * B - before]], tf.zeros([x.shape.rank - 1, 2], tf.int32)], axis=0)
    rows = total(tf.pad(x, others))
    rows.set_shape([x.shape[0] and count() * x.shape[0], *x.shape[1:]])
    return rows


def own_rows(x: tf.Tensor) -> tf.Tensor:
    """Returns the rows of this replica, [B, ...], of x [N B, ...]: the inverse of `gathered`."""
    if count() == 1:
        return x
    B = tf.shape(x)[0] // count()
    return x[index() * B :][:B]
