"""PixelHead against Keras's own transposed convolution."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from vaezoo.networks import conv_decoder
from vaezoo.networks.pixel_head import PixelHead, transposed_convolution


def both(channels, side, **options):
    """Keras's layer and ours with the same weights, and an input."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(3, *side, 6)), tf.float32)
    layers = [kind(channels, **options) for kind in (keras.layers.Conv2DTranspose, PixelHead)]
    for layer in layers:
        layer.build(x.shape)
    weights = [rng.normal(size=weight.shape) for weight in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return *layers, x


def values_and_gradients(layer, x, **options):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, **options)
        loss = tf.reduce_sum(tf.sin(y))  # so that the gradient of y is not constant
    return [y, *tape.gradient(loss, [x, *layer.trainable_variables])]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("channels, side", [(1, (4, 4)), (3, (5, 2))])
def test_values_and_gradients_are_those_of_keras(channels, side, jit_compile, training):
    theirs, ours, x = both(channels, side, kernel_size=4, strides=2, padding="same", activation="tanh")
    compiled = tf.function(values_and_gradients, jit_compile=jit_compile)
    for expected, got in zip(values_and_gradients(theirs, x), compiled(ours, x, training=training), strict=True):
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_each_weight_reaches_its_own_pixels():
    """One pixel on, at a corner and inside: the kernel stands around it, cut at the border."""
    kernel = tf.reshape(tf.range(1.0, 17.0), (4, 4, 1, 1))
    for i, j in [(0, 0), (1, 2), (2, 2)]:
        x = np.zeros((1, 3, 3, 1), np.float32)
        x[0, i, j] = 1
        expected = np.zeros((8, 8))
        expected[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] = kernel[..., 0, 0]
        np.testing.assert_array_equal(transposed_convolution(x, kernel)[0, ..., 0], expected[1:-1, 1:-1])


@pytest.mark.parametrize("options", [{"kernel_size": 3, "strides": 2}, {"kernel_size": 4, "strides": 2}])
def test_other_kernels_and_paddings_are_computed_by_keras(options):
    theirs, ours, x = both(2, (4, 4), **options)  # "valid"
    np.testing.assert_array_equal(theirs(x), ours(x, training=True))


def test_a_decoder_is_saved_and_exported(tmp_path):
    decoder = conv_decoder((16, 16, 3), 5, filters=(8,), width=8, seed=0)
    head = decoder.get_layer("head")
    assert isinstance(head, PixelHead) and head.kernel.shape == (4, 4, 3, 8)
    decoder.save(tmp_path / "decoder.keras")
    code = np.ones((2, 5), np.float32)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "decoder.keras")(code), decoder(code))
    decoder.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(served.serve(code), decoder(code), rtol=1e-5, atol=1e-6)
