import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import SHAPE, small_model

from vaezoo import VAE, LatentSpec
from vaezoo.networks import mlp_decoder, mlp_encoder

LATENTS = LatentSpec(3, (4, 2))
layers = keras.layers


def heads(sizes):
    x = keras.Input(SHAPE)
    h = layers.Dense(8, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(1))(layers.Flatten()(x))
    return keras.Model(x, [layers.Dense(n, kernel_initializer=keras.initializers.GlorotUniform(n))(h) for n in sizes])


def decoder(end):
    code = keras.Input((3,))
    return keras.Model(code, layers.Reshape(SHAPE)(end(code)))


def test_an_encoder_may_have_an_output_for_each_part(images, tmp_path):
    encoder = heads([3, 3, 4, 2])
    model = VAE(encoder, mlp_decoder(SHAPE, LATENTS.size, hidden=(8,)), latents=LATENTS, seed=0)
    parts = encoder(images)
    q = model.encode(images)
    for a, b in zip([q.mu, q.log_var, *q.logits], parts, strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.encoder.output_shape == (None, LATENTS.parameters)
    model.compile("adam", run_eagerly=True)
    before = [variable.numpy() for variable in encoder.trainable_variables]
    model.fit(images, verbose=0)
    assert all((a != b).any() for a, b in zip(before, encoder.trainable_variables, strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    np.testing.assert_array_equal(loaded.encode(images).mean(), model.encode(images).mean())


@pytest.mark.parametrize("sizes", [[3, 3], [3, 4, 3, 2], [4, 2, 3, 3]])
def test_other_outputs_are_refused(sizes):
    with pytest.raises(ValueError, match=r"one output \(None, 12\), or in a list of mu, log_var and the logits"):
        VAE(heads(sizes), mlp_decoder(SHAPE, LATENTS.size, hidden=(8,)), latents=LATENTS)


def test_outputs_with_names_are_refused():
    x = keras.Input(SHAPE)
    h = layers.Flatten()(x)
    named = keras.Model(x, {"mu": layers.Dense(3)(h), "log_var": layers.Dense(3)(h)})
    with pytest.raises(ValueError, match="list of mu, log_var"):
        VAE(named, mlp_decoder(SHAPE, 3, hidden=(8,)), latents=LatentSpec(3))


class Subclassed(keras.Model):
    def __init__(self, size):
        super().__init__()
        self.flat, self.dense = layers.Flatten(), layers.Dense(size)

    def call(self, x):
        return self.dense(self.flat(x))


def test_networks_without_an_input_are_told_what_to_do():
    pixels = mlp_decoder(SHAPE, 3, hidden=(8,))
    for network in (Subclassed(6), keras.Sequential([layers.Flatten(), layers.Dense(6)])):
        with pytest.raises(ValueError, match=r"encoder must have an input of known shape: begin.*keras.Input\(shape\)"):
            VAE(network, pixels, latents=LatentSpec(3))
    with pytest.raises(ValueError, match="decoder must have an input of known shape"):
        VAE(mlp_encoder(SHAPE, 6, hidden=(8,)), Subclassed(64), latents=LatentSpec(3))
    with pytest.raises(ValueError, match="encoder must be a keras.Model. Received: Dense"):
        VAE(layers.Dense(6), pixels, latents=LatentSpec(3))
    network, x = Subclassed(6), keras.Input(SHAPE)
    VAE(keras.Model(x, network(x)), pixels, latents=LatentSpec(3))
    VAE(keras.Sequential([x, layers.Flatten(), layers.Dense(6)]), pixels, latents=LatentSpec(3))


SQUASHED = {
    "sigmoid": layers.Dense(64, activation="sigmoid"),
    "hard_sigmoid": lambda z: layers.Activation("hard_sigmoid")(layers.Dense(64)(z)),
    "softmax": lambda z: layers.Softmax()(layers.Dense(64)(z)),
}


@pytest.mark.parametrize("name", SQUASHED)
def test_a_decoder_without_logits_is_refused(name):
    encoder, network = mlp_encoder(SHAPE, 6, hidden=(8,)), decoder(SQUASHED[name])
    with pytest.raises(ValueError, match=f"must end in logits. Received one that ends in the activation '{name}'"):
        VAE(encoder, network, latents=LatentSpec(3))
    VAE(encoder, network, latents=LatentSpec(3), likelihood="gaussian")


@pytest.mark.parametrize(
    "end",
    [
        lambda z: keras.ops.sigmoid(layers.Dense(64)(z)),
        layers.Dense(64, activation=tf.nn.sigmoid),
        lambda z: layers.Activation("linear", dtype="float32")(layers.Dense(64, activation="sigmoid")(z)),
        keras.Sequential([keras.Input((3,)), layers.Dense(64, activation="sigmoid"), layers.Identity()]),
    ],
)
def test_it_is_found_behind_layers_that_only_move_pixels(end):
    with pytest.raises(ValueError, match="'sigmoid'"):
        VAE(mlp_encoder(SHAPE, 6, hidden=(8,)), decoder(end), latents=LatentSpec(3))


def test_a_sigmoid_further_up_is_none_of_it():
    hidden = decoder(lambda z: layers.Dense(64)(layers.Dense(8, activation="sigmoid")(z)))
    VAE(mlp_encoder(SHAPE, 6, hidden=(8,)), hidden, latents=LatentSpec(3))
    assert small_model("vae").decoder.output_shape == (None, *SHAPE)
