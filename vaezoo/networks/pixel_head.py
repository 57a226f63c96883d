"""The last layer of convolutional decoders, computed as a matrix product."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("vaezoo")
class PixelHead(keras.layers.Conv2DTranspose):
    """Keras's Conv2DTranspose, trained faster on CPUs with 4x4 kernels, strides of 2, "same" padding and few channels.

    oneDNN computes convolutions to one channel as if there were a channel for each lane of its vectors. In training,
    this layer makes its outputs by `transposed_convolution`, and its gradients by convolutions. Arguments, weights and
    results (but for rounding) are Keras's, and so is the computation outside training, with a GPU and for other
    kernels.
    """

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Maps [B, h, w, n] to [B, 2h, 2w, C]."""
        own = (self.kernel_size, self.strides, self.padding, self.dilation_rate) == ((4, 4), (2, 2), "same", (1, 1))
        own = own and training and self.data_format == "channels_last"
        if not own or tf.config.list_logical_devices("GPU"):
            return super().call(inputs)
        outputs = with_gradients(inputs, tf.convert_to_tensor(self.kernel))
        outputs = outputs + self.bias if self.use_bias else outputs
        return self.activation(outputs)


def transposed_convolution(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Computes a transposed convolution of stride 2 with "same" padding by one matrix product and 12 C additions.

    x[p] adds kernel[t] x[p] to the output at 2p + t - 1, along both axes: to an even place 2i come t = 1 of p = i and
    t = 3 of p = i - 1, to an odd place 2i + 1 come t = 2 of p = i and t = 0 of p = i + 1.

    Args:
        x: [B, h, w, n].
        kernel: [4, 4, C, n].

    Returns:
        [B, 2h, 2w, C].
    """
    _, h, w, n = x.shape
    planes = tf.matmul(tf.reshape(kernel, [-1, n]), tf.reshape(x, [-1, n]), transpose_b=True)
    planes = tf.reshape(planes, [4, 4, kernel.shape[2], -1, h, w])
    rows = even_and_odd(planes, axis=3)  # two [4, C, B, h, w]
    y = tf.stack([tf.stack(even_and_odd(row, axis=3), axis=-1) for row in rows], axis=3)  # [C, B, h, 2, w, 2]
    return tf.reshape(tf.transpose(y, [1, 2, 3, 4, 5, 0]), [-1, 2 * h, 2 * w, kernel.shape[2]])


@tf.custom_gradient
def with_gradients(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Returns `transposed_convolution` and its gradients as two convolutions, which oneDNN computes well."""

    def gradients(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        by_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=dy, filter_sizes=kernel.shape, out_backprop=x, strides=[1, 2, 2, 1], padding="SAME"
        )
        return tf.nn.conv2d(dy, kernel, 2, "SAME"), by_kernel

    return transposed_convolution(x, kernel), gradients


def even_and_odd(x: tf.Tensor, axis: int) -> list[tf.Tensor]:
    """Adds up what comes to even and to odd places of the output from x [4, ...], along an axis of x[t]."""
    return [x[1] + shifted(x[3], axis, by=1), x[2] + shifted(x[0], axis, by=-1)]


def shifted(x: tf.Tensor, axis: int, by: int) -> tf.Tensor:
    """Moves x along an axis by one place, to higher (by=1) or lower (by=-1) indices; 0 enters."""
    kept, padding = [slice(None)] * x.shape.rank, [[0, 0]] * x.shape.rank
    kept[axis], padding[axis] = (slice(-1), [1, 0]) if by == 1 else (slice(1, None), [0, 1])
    return tf.pad(x[tuple(kept)], padding)
