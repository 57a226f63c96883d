"""Discrete latents beside continuous ones, with BatchNorm and VAT: what all models but Non-Syn VAE take."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import small_model, weights_of

import vaezoo
from vaezoo.networks import discriminator

HYBRID = {"gaussian": 2, "categorical": (4, 3)}
NETWORK = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": True}, "decoder": {"hidden": (16,)}}


def hybrid(name, **options):
    D = {"discriminator": discriminator(2, width=8, depth=2, seed=1)} if name == "factor_vae" else {}
    return small_model(name, latents=HYBRID, network=NETWORK, vat_weight=2.0, **D, **options)


@pytest.mark.parametrize("name", [name for name in vaezoo.MODELS if name != "nonsyn"])
def test_it_trains_and_goes_on_after_save_and_load(name, images, tmp_path):
    model = hybrid(name)
    history = model.fit(images, batch_size=16, verbose=0, shuffle=False).history
    assert "smoothness" in history and np.isfinite(history["loss"]).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.latents == vaezoo.LatentSpec(2, (4, 3))
    assert model.train_on_batch(images) == loaded.train_on_batch(images)
    for a, b in zip(weights_of(model), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(a, b)


def test_codes_are_means_and_class_probabilities(images):
    model = hybrid("vae")
    codes = model.predict(images, verbose=0)
    assert codes.shape == (48, 2 + 4 + 3)
    np.testing.assert_allclose(codes[:, 2:6].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(codes[:, 6:].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(codes[:, :2], model.encode(images).mu, rtol=1e-5, atol=1e-6)


def test_relaxed_in_training_and_one_hot_at_inference(images):
    model = hybrid("vae")
    key = tf.constant([1, 2])
    _, trained, _ = model.infer(images, key, training=True)
    _, inferred, _ = model.infer(images, key, training=False)
    y = [model.latents.split(code)[1][0].numpy() for code in (trained, inferred)]
    assert ((y[0] > 0) & (y[0] < 1)).any() and set(np.unique(y[1])) == {0.0, 1.0}


def test_the_temperature_may_follow_a_schedule(images):
    schedule = keras.optimizers.schedules.PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.5)
    model = hybrid("vae", temperature=schedule)
    temperatures = []
    for _ in range(3):
        temperatures.append(float(model.temperature_now()))
        model.train_on_batch(images)
    np.testing.assert_allclose(temperatures, [1.0, 0.95, 0.9], rtol=1e-5)
    again = type(model).from_config(model.get_config())
    assert again.temperature.get_config() == schedule.get_config()
