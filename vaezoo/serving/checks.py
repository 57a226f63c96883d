"""Checks inside the exported graph: a bad request gets an error that names the field, and the server serves on.

They are Assert operations, which XLA leaves out and `experimental_debug_stripper` would remove. A wrong dtype
never reaches them: TensorFlow's runtime refuses it, in its own words, which tell the input's place in alphabetical
order.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def checked_shape(name: str, x: tf.Tensor, least: list, most: list) -> tf.Tensor:
    """`x`, once its shape at run time has as many axes as `least` and `most`, and sizes between them.

    A session feeds whatever it is given into a placeholder of a fixed shape, and the graph's optimizer believes
    the placeholder: hence the shape is asked of a tensor whose static shape is hidden.
    """
    hidden = tf.raw_ops.PlaceholderWithDefault(input=x, shape=tf.TensorShape(None))
    shape, least, most = tf.shape(hidden), tf.stack(least), tf.stack(most)
    axes = x.shape.rank
    sizes = tf.concat([shape, tf.fill([axes], -1)], 0)[:axes]  # -1 where an axis is missing
    fits = (tf.size(shape) == axes) & tf.reduce_all((sizes >= least) & (sizes <= most))
    message = [f"{name}: expected a shape from", least, "to", most, "Received", shape]
    return once(fits, message, lambda: tf.ensure_shape(hidden, x.shape))


def checked_values(name: str, x: tf.Tensor, low: float, high: float) -> tf.Tensor:
    """`x`, once all of it lies in [low, high]; NaN does not."""
    fits = tf.reduce_all((x >= low) & (x <= high))
    message = [f"{name}: expected values from {low} to {high}. Received values from", tf.reduce_min(x), "to"]
    return once(fits, [*message, tf.reduce_max(x)], lambda: tf.identity(x))


def checked_each(x: tf.Tensor, fits: tf.Tensor, message: str, *found: tf.Tensor) -> tf.Tensor:
    """`x`, once all of `fits` [N] hold. The message goes on with the first number that does not, and its `found`."""
    number = tf.argmin(tf.cast(fits, tf.int32))
    return once(tf.reduce_all(fits), [message, number, *(rows[number] for rows in found)], lambda: tf.identity(x))


def once(condition: tf.Tensor, message: list, then: Callable[[], tf.Tensor]) -> tf.Tensor:
    """then(), after `condition` is known to hold: no kernel behind it fails first, in its own words."""
    data = [tf.convert_to_tensor(part) for part in message]
    with tf.control_dependencies([tf.raw_ops.Assert(condition=condition, data=data, summarize=8)]):
        return then()
