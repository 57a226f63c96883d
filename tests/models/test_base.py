import keras
import numpy as np
import pytest
import tensorflow as tf
from small import SHAPE, small_model, weights_of

from vaezoo import VAE, LatentSpec
from vaezoo.networks import mlp_decoder, mlp_encoder


def networks(latents, shape=SHAPE):
    return mlp_encoder(shape, latents.parameters, hidden=(8,)), mlp_decoder(shape, latents.size, hidden=(8,))


@pytest.mark.parametrize(
    "data, words",
    [
        (np.zeros((4, 8, 8, 1), np.uint8), "uint8"),
        (np.zeros((4, 8, 8), np.float32), r"\(4, 8, 8\)"),
        (np.full((4, 8, 8, 1), 255.0), "255"),
        (np.full((4, 8, 8, 1), -1.0), "-1"),
        (np.full((4, 8, 8, 1), np.nan), "nan"),
        (np.zeros((0, 8, 8, 1), np.float32), "empty"),
        (np.zeros((4, 9, 8, 1), np.float32), r"\(4, 9, 8, 1\)"),
    ],
)
@pytest.mark.parametrize("as_dataset", [False, True])
def test_fit_refuses_what_is_no_image(data, words, as_dataset):
    model = small_model("vae")
    if as_dataset:
        data = tf.data.Dataset.from_tensor_slices(data).batch(4)
        words = words.replace("(4,", "(None,")
    with pytest.raises(ValueError, match=words):
        model.fit(data, verbose=0)
    assert model.step.numpy() == 0


def test_float64_is_taken_as_float32(images):
    weights = []
    for dtype in (np.float32, np.float64):
        model = small_model("vae", latents={"gaussian": 3, "categorical": (4,)}, regularizer={"weight": 1.0})
        model.compile(model.optimizer, run_eagerly=True)
        data = tf.data.Dataset.from_tensor_slices(images.astype(dtype)).batch(24)
        model.fit(data, verbose=0)
        model.evaluate(data, verbose=0)
        weights.append(weights_of(model))
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["vae", "nonsyn", "factor_vae"])
def test_a_data_set_of_unknown_size_is_counted_right(name, images):
    """Keras begins one step more than there are batches, and takes it back."""
    data = tf.data.Dataset.from_generator(
        lambda: iter(np.split(images, 3)), output_signature=tf.TensorSpec([16, 8, 8, 1])
    )
    model = small_model(name)
    model.fit(data, epochs=2, verbose=0)
    encoder = len(model.encoder.trainable_variables)
    updates = [int(count) for count in model.optimizer._updates]
    assert updates == [12 if name == "nonsyn" else 6] * encoder + [6] * (len(updates) - encoder)
    iterations = [int(optimizer.iterations) for optimizer, _ in model.optimizers()]
    assert {int(model.step), *iterations} == {6}
    model.evaluate(data, verbose=0)
    assert float(model._means.count) == 48


def test_sample_weights_are_refused(images):
    with pytest.raises(ValueError, match="sample_weight"):
        small_model("vae").fit(images, np.zeros(48), sample_weight=np.ones(48), verbose=0)


def test_networks_must_fit_the_latents():
    encoder, decoder = networks(LatentSpec(3))
    for latents, words in [(LatentSpec(4), "encoder must end in a shape .*8.*6"), ({"gaussian": 3}, "LatentSpec")]:
        with pytest.raises(ValueError, match=words):
            VAE(encoder, decoder, latents=latents)
    with pytest.raises(ValueError, match="decoder must take"):
        VAE(encoder, networks(LatentSpec(2))[1], latents=LatentSpec(3))
    with pytest.raises(ValueError, match="encoder's images"):
        VAE(encoder, networks(LatentSpec(3), (9, 8, 1))[1], latents=LatentSpec(3))
    with pytest.raises(ValueError, match="likelihood"):
        VAE(encoder, decoder, latents=LatentSpec(3), likelihood="laplace")


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_impossible_scales(scale):
    with pytest.raises(ValueError, match=f"`scale` must be positive. Received: {scale!r}"):
        VAE(*networks(LatentSpec(3)), latents=LatentSpec(3), likelihood="gaussian", scale=scale)


@pytest.mark.parametrize("side", [0, 1])
def test_float16_is_refused(side):
    pair = list(networks(LatentSpec(3)))
    keras.config.set_dtype_policy("mixed_float16")
    pair[side] = networks(LatentSpec(3))[side]
    with pytest.raises(
        ValueError, match=f"{('encoder', 'decoder')[side]} must not.*mixed_bfloat16.*Received: 'float16'"
    ):
        VAE(*pair, latents=LatentSpec(3))


def test_gaussian_likelihood(images):
    model = small_model("vae", likelihood="gaussian", scale=0.5)
    code = model.encode(images).mode()
    mean = model.decoder(code).numpy()
    density = -0.5 * ((images - mean) / 0.5) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(model.decode(code).log_prob(images), density.sum((1, 2, 3)), rtol=1e-5)
    model.fit(images, verbose=0)


def test_iterations_follow_steps_so_that_schedules_do(images):
    """A second update of the main optimizer within a step does not hurry a learning-rate schedule."""
    model = small_model("nonsyn")
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.1, 0.01])
    model.compile(keras.optimizers.Adam(schedule), jit_compile=False)
    rates = []
    for _ in range(5):
        rates.append(float(model.optimizer.learning_rate))
        model.train_on_batch(images)
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.1, 0.01], rtol=1e-6)


def test_evaluation_noise_differs_between_batches(images):
    model = small_model("vae")
    same = np.concatenate([images[:8], images[:8]])
    one = model.evaluate(same[:8], batch_size=8, verbose=0, return_dict=True)["reconstruction"]
    both = model.evaluate(same, batch_size=8, verbose=0, return_dict=True)["reconstruction"]
    assert one != both
