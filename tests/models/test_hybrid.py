"""Discrete latents beside continuous ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from compare import HYBRID, KEY, recompile, wide_model
from small import small_model

from vaezoo.models.hyperparameters import at_step


def test_codes_are_means_and_class_probabilities(images):
    model = wide_model("vae")
    codes = model.predict(images, verbose=0)
    assert codes.shape == (48, 3 + 4 + 3)
    np.testing.assert_allclose(codes[:, 3:7].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(codes[:, 7:].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(codes[:, :3], model.encode(images).mu, rtol=1e-5, atol=1e-6)


def test_relaxed_in_training_and_one_hot_at_inference(images):
    model = wide_model("vae")
    _, trained, _ = model.infer(images, KEY, training=True)
    _, inferred, _ = model.infer(images, KEY, training=False)
    y = [model.latents.split(code)[1][0].numpy() for code in (trained, inferred)]
    assert ((y[0] > 0) & (y[0] < 1)).any() and set(np.unique(y[1])) == {0.0, 1.0}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_temperature_of_a_schedule_reaches_the_samples(jit_compile, images):
    schedule = keras.optimizers.schedules.PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.5)
    model = recompile(small_model("vae", latents=HYBRID, temperature=schedule), run_eagerly=True)
    draw = tf.function(lambda: model.infer(images, KEY, True)[1], jit_compile=jit_compile)
    codes = []
    for temperature in (1.0, 0.95):  # at the first and at the second step
        codes.append(draw().numpy())
        np.testing.assert_allclose(codes[-1], model.encode(images).rsample(KEY, temperature), rtol=1e-4, atol=1e-5)
        model.step.assign_add(1)
    np.testing.assert_allclose(codes[0][:, :3], codes[1][:, :3], rtol=1e-5)
    assert np.abs(codes[0] - codes[1])[:, 3:].max() > 1e-3
    model.train_on_batch(images)
    assert float(at_step(model.temperature, model.step)) == pytest.approx(0.85)
    again = type(model).from_config(model.get_config())
    assert again.temperature.get_config() == schedule.get_config()


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf, "cold", None, abs])
def test_impossible_temperatures(temperature):
    with pytest.raises(ValueError, match=f"`temperature` must be positive or a schedule.*Received: {temperature!r}"):
        small_model("vae", latents=HYBRID, temperature=temperature)
