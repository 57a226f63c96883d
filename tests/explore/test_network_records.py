"""The page's layers against Keras's, in Node.js."""

import keras
import node
import numpy as np
import pytest
from keras import layers

from vaezoo.explore.layers import UnsupportedLayerError, network_records
from vaezoo.explore.packing import pack_floats
from vaezoo.networks import conv_decoder, conv_encoder, mlp_decoder, mlp_encoder

COMPUTE = "(async () => { const w = await unpackFloats(given.weights); "
COMPUTE += "return given.inputs.map((x) => Array.from(compute(given.layers, Float64Array.from(x), w))); })()"


def chain(*parts):
    return keras.Sequential(parts)


def randomised(network, rng):
    """Every weight, moving averages among them, is random; variances are positive."""
    for variable in network.weights:
        values = rng.normal(size=variable.shape) / np.sqrt(max(1, np.prod(variable.shape[:-1])))
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return network


NETWORKS = {
    "conv encoder": lambda: conv_encoder((32, 32, 3), 7, filters=(8, 6, 5)),
    "conv encoder of odd sides": lambda: conv_encoder((21, 13, 1), 4, filters=(3, 9)),
    "conv decoder": lambda: conv_decoder((32, 32, 1), 5, filters=(8, 6)),
    "conv decoder of odd sides": lambda: conv_decoder((21, 13, 3), 4, filters=(7, 5)),
    "mlp encoder": lambda: mlp_encoder((8, 6, 1), 9, hidden=(11, 12), batch_norm=True),
    "mlp decoder": lambda: mlp_decoder((8, 6, 1), 5, hidden=(11, 12)),
    "valid padding": lambda: chain(
        keras.Input((11, 9, 2)),
        layers.Conv2D(5, (3, 4), strides=(2, 1), padding="valid", activation="tanh"),
        layers.BatchNormalization(scale=False),
        layers.Conv2DTranspose(3, (2, 5), strides=(3, 2), padding="valid", use_bias=False),
        layers.Cropping2D(((1, 2), (2, 1))),
    ),
    "same padding": lambda: chain(
        keras.Input((7, 10, 2)),
        layers.Conv2D(6, (5, 3), strides=(3, 3), padding="same", activation="sigmoid"),
        layers.Conv2DTranspose(4, (3, 5), strides=(3, 2), padding="same", activation="relu"),
        layers.Conv2DTranspose(1, (1, 2), strides=(2, 3), padding="same"),
    ),
}


@node.needs_node
@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_computes_what_keras_does(name):
    rng = np.random.default_rng(0)
    network = randomised(NETWORKS[name](), rng)
    records, weights = network_records(network)
    x = rng.uniform(-1, 1, size=(3, *network.input_shape[1:])).astype(np.float32)
    expected = network.predict(x, verbose=0).reshape(3, -1)
    given = {"layers": records, "weights": pack_floats(weights), "inputs": x.reshape(3, -1).tolist()}
    assert expected.std() > 0.01
    np.testing.assert_allclose(node.run(COMPUTE, given), expected, atol=3e-5 * np.abs(expected).max())


class Doubled(layers.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


def branching():
    x = keras.Input((4,))
    return keras.Model(x, layers.add([layers.Dense(3)(x), layers.Dense(3)(x)]), name="encoder")


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: chain(keras.Input((4,)), Doubled(3, name="mine")), "the layer 'mine', Doubled"),
        (lambda: chain(keras.Input((4,)), layers.Dense(3, activation="elu")), "Dense with the activation elu"),
        (lambda: chain(keras.Input((4, 5)), layers.Dense(3)), "Dense with an input of shape"),
        (lambda: chain(keras.Input((4, 4, 2)), layers.Conv2D(2, 2, dilation_rate=2)), "`dilation_rate`"),
        (lambda: chain(keras.Input((4, 4, 2)), layers.Conv2D(2, 2, groups=2)), "`groups`"),
        (lambda: chain(keras.Input((4, 4)), layers.BatchNormalization(axis=1)), "axis=1"),
        (lambda: chain(keras.Input((4,)), layers.ReLU(max_value=6)), "`max_value`"),
        (lambda: chain(keras.Input((4,)), chain(keras.Input((4,)), layers.Dense(2))), "Sequential"),
        (branching, "The encoder has layers that are no chain"),
        (lambda: mlp_decoder((64, 64, 1), 5, hidden=(2000,)), "weights, more than 8,000,000"),
    ],
)
def test_other_networks_are_refused_by_name(build, words):
    with pytest.raises(UnsupportedLayerError) as raised:
        network_records(build())
    assert words in str(raised.value) and str(raised.value).endswith("Use --serve, which decodes in TensorFlow.")


def test_dropout_and_shapes_have_no_record():
    network = chain(keras.Input((4, 4, 1)), layers.Flatten(), layers.Dropout(0.5), layers.Reshape((16, 1)))
    records, weights = network_records(network)
    assert records == [] and weights.size == 0
