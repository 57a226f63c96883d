"""The running means of the terms."""

import time

import numpy as np
import tensorflow as tf

from vaezoo.models.running_means import TermMeans


def test_the_loss_does_not_depend_on_which_term_is_read_last():
    """TensorFlow makes one AddN of the sum, which starts with the first term whose memory nothing else reads."""
    means = TermMeans(["loss", "a", "b", "c"])

    def later(x, seconds):
        return tf.ensure_shape(tf.numpy_function(lambda x: (time.sleep(seconds), x)[1], [x], tf.float32), x.shape)

    @tf.function
    def update(a, b, c, read_long):
        a, b, c = 2 * a, 2 * b, 2 * later(c, 0.05)
        read = later(a, 0.2) + later(b, 0.2) if read_long else 0.0
        means.update_state({"a": a, "b": b, "c": c, "loss": a + b + c})
        return means.result()["loss"], read

    losses = []
    for read_long in (False, True):
        means.reset_state()
        losses.append(update(*(tf.fill(4, value) for value in (1e8, -1e8, 1.0)), read_long)[0])
    np.testing.assert_array_equal(losses, [2.0, 2.0])  # c + b + a is 0
