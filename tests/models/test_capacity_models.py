"""AnnealedVAE and JointVAE against their equations."""

import math

import numpy as np
import pytest
import tensorflow as tf
from compare import GAUSSIAN, HYBRID, KEY, assert_same, objective
from small import small_model

import vaezoo
from vaezoo.terms import capacity, categorical_kl, discrete_ceiling, gaussian_kl


def parts(model, x):
    """Reconstruction, and the KLs of z and of all y, each [B]."""
    q, _, p = model.infer(x, KEY, True)
    return -p.log_prob(x), tf.reduce_sum(gaussian_kl(q.mu, q.log_var), -1), sum(map(categorical_kl, q.logits))


@pytest.mark.parametrize("latents", [GAUSSIAN, HYBRID])
def test_annealed_loss(latents, images):
    """A hybrid model's capacity is one for z and y together."""
    model = small_model("annealed_vae", latents=latents, gamma=7.0, c_max=3.0, c_steps=10)
    for step, C in [(0, 0.0), (5, 1.5), (10, 3.0), (1000, 3.0)]:
        model.step.assign(step)

        def by_hand(model, C=C):
            rec, kl_z, kl_y = parts(model, images)
            return rec + 7 * tf.abs(tf.reduce_mean(kl_z + kl_y) - C)

        assert_same(model, lambda model: objective(model, images), model, by_hand)


def test_capacity_bounds_the_mean_of_the_batch(images):
    """Between the KLs of the images, the mean of their distances to C is another number."""
    rng = np.random.default_rng(0)
    for name, maximum, steps in (("annealed_vae", "c_max", "c_steps"), ("joint_vae", "z_capacity", "z_steps")):
        model = small_model(name, gamma=7.0, **{steps: 1})
        for variable in model.encoder.trainable_variables:
            variable.assign_add(0.3 * rng.standard_normal(variable.shape))
        rec, kl, _ = parts(model, images)
        C = float(np.median(kl))
        assert kl.numpy().min() < C < kl.numpy().max()
        setattr(model, maximum, C)
        model.step.assign(9)
        received = tf.reduce_mean(objective(model, images))
        np.testing.assert_allclose(received, tf.reduce_mean(rec) + 7 * abs(tf.reduce_mean(kl) - C), rtol=1e-5)
        assert abs(tf.reduce_mean(abs(kl - C)) - abs(tf.reduce_mean(kl) - C)) > 0.01


def test_joint_loss(images):
    capacities = {"z_capacity": 3.0, "z_steps": 10, "y_capacity": 1.0, "y_steps": 20}
    model = small_model("joint_vae", latents=HYBRID, gamma=7.0, **capacities)
    for step, C_z, C_y in [(0, 0.0, 0.0), (5, 1.5, 0.25), (15, 3.0, 0.75), (1000, 3.0, 1.0)]:
        model.step.assign(step)

        def by_hand(model, C_z=C_z, C_y=C_y):
            rec, kl_z, kl_y = parts(model, images)
            return rec + 7 * (tf.abs(tf.reduce_mean(kl_z) - C_z) + tf.abs(tf.reduce_mean(kl_y) - C_y))

        assert_same(model, lambda model: objective(model, images), model, by_hand)


def test_a_capacity_beyond_log_k_stops_there():
    model = small_model("joint_vae", latents=HYBRID, y_capacity=6.0, y_steps=10)
    capacities = []
    for step in range(12):
        model.step.assign(step)
        capacities.append(model.capacities()["kl_y"].numpy())
    np.testing.assert_allclose(capacities, [min(0.6 * step, math.log(12)) for step in range(12)], rtol=1e-6)
    assert small_model("joint_vae", latents=HYBRID).y_capacity == pytest.approx(math.log(12))
    assert small_model("joint_vae", latents=HYBRID, y_capacity=6.0).get_config()["y_capacity"] == 6.0


@pytest.mark.parametrize("name", ["joint_vae_mnist", "joint_vae_fashion_mnist", "joint_vae_dsprites"])
def test_duponts_numbers_give_his_capacities_at_every_step(name):
    """Those of his code, and those of a ramp to sum log K that ends at the step at which his stops."""
    preset = vaezoo.PRESETS[name]
    maximum, steps = preset.hyperparameters["y_capacity"], preset.hyperparameters["y_steps"]
    ceiling = discrete_ceiling(preset.latents["categorical"])
    t = np.arange(steps + 100)
    received = capacity(tf.constant(t), maximum, steps, ceiling).numpy()
    duponts = np.minimum(np.minimum(maximum * t / steps, maximum), ceiling)
    np.testing.assert_allclose(received, duponts, rtol=1e-6)
    stop = round(steps * ceiling / maximum)
    assert stop == np.argmax(duponts == ceiling)
    np.testing.assert_allclose(received, np.minimum(ceiling * t / stop, ceiling), rtol=1e-5)


@pytest.mark.parametrize(
    "name, options",
    [
        ("annealed_vae", {"c_max": -1.0}),
        ("annealed_vae", {"c_steps": 0}),
        ("joint_vae", {"z_capacity": -1.0}),
        ("joint_vae", {"z_steps": 0}),
        ("joint_vae", {"y_capacity": -1.0}),
        ("joint_vae", {"y_steps": 0}),
    ],
)
def test_impossible_capacities(name, options):
    ((argument, value),) = options.items()
    with pytest.raises(ValueError, match=f"`{argument}` must be .*Received: {value}"):
        small_model(name, **options)


def test_capacities_count_steps_not_updates(images):
    model = small_model("joint_vae", latents=HYBRID, z_capacity=10.0, z_steps=10)
    for _ in range(3):
        model.train_on_batch(images)
    np.testing.assert_allclose(model.capacities()["kl_z"], 3.0)
