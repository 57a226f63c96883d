"""Assertions in the exported graph, which answer an invalid request with an error that names the field.

They are Assert operations, which XLA omits and `experimental_debug_stripper` would remove. An input of another dtype
does not reach them: TensorFlow's runtime refuses it with a message that gives the position of the input in alphabetical
order.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def ensure_shape(name: str, x: tf.Tensor, least: list, most: list) -> tf.Tensor:
    """Asserts that the shape of a tensor at run time lies between two shapes.

    A session accepts a value of any shape for a placeholder of a fixed shape, and the graph optimizer relies on the
    shape of the placeholder. The shape is therefore read from a tensor whose static shape is hidden.

    Args:
        name: name of the field, for the error message.
        x: the tensor.
        least: smallest size of each axis, ints or scalar int32 tensors.
        most: largest size of each axis.

    Returns:
        `x`, evaluated after the assertion.
    """
    hidden = tf.raw_ops.PlaceholderWithDefault(input=x, shape=tf.TensorShape(None))
    shape, least, most = tf.shape(hidden), tf.stack(least), tf.stack(most)
    axes = x.shape.rank
    sizes = tf.concat([shape, tf.fill([axes], -1)], 0)[:axes]  # -1 where an axis is missing
    valid = (tf.size(shape) == axes) & tf.reduce_all((sizes >= least) & (sizes <= most))
    message = [f"{name}: expected a shape from", least, "to", most, "Received", shape]
    return after_assert(valid, message, lambda: tf.ensure_shape(hidden, x.shape))


def ensure_range(name: str, x: tf.Tensor, low: float, high: float) -> tf.Tensor:
    """Asserts that all values of a tensor lie in [low, high], which NaN does not.

    Args:
        name: name of the field, for the error message.
        x: the tensor.
        low: smallest value.
        high: largest value.

    Returns:
        `x`, evaluated after the assertion.
    """
    valid = tf.reduce_all((x >= low) & (x <= high))
    message = [f"{name}: expected values from {low} to {high}. Received values from", tf.reduce_min(x), "to"]
    return after_assert(valid, [*message, tf.reduce_max(x)], lambda: tf.identity(x))


def ensure_rows(x: tf.Tensor, valid: tf.Tensor, message: str, *found: tf.Tensor) -> tf.Tensor:
    """Asserts that all rows of a tensor are valid.

    Args:
        x: the tensor, [N, ...].
        valid: bool [N].
        message: error message, to which the number of the first invalid row is added.
        *found: tensors [N, ...] whose value in that row is added too.

    Returns:
        `x`, evaluated after the assertion.
    """
    number = tf.argmin(tf.cast(valid, tf.int32))
    details = [message, number, *(rows[number] for rows in found)]
    return after_assert(tf.reduce_all(valid), details, lambda: tf.identity(x))


def after_assert(condition: tf.Tensor, message: list, build: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Builds a tensor that is evaluated after an assertion, so that no later operation fails first.

    Args:
        condition: bool scalar.
        message: strings and tensors that make up the error message.
        build: creates the tensor.

    Returns:
        The tensor that `build` creates.
    """
    data = [tf.convert_to_tensor(part) for part in message]
    with tf.control_dependencies([tf.raw_ops.Assert(condition=condition, data=data, summarize=8)]):
        return build()
