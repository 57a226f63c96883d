"""AnnealedVAE and JointVAE against their equations."""

import math

import numpy as np
import pytest
import tensorflow as tf
from small import small_model

HYBRID = {"gaussian": 2, "categorical": (4,)}
KEY = tf.constant([1, 2])


def test_annealed_loss(images):
    model = small_model("annealed_vae", gamma=7.0, c_max=3.0, c_steps=10)
    for step, C in [(0, 0.0), (5, 1.5), (10, 3.0), (1000, 3.0)]:
        model.step.assign(step)
        terms = model.objective(images, KEY, training=True)
        expected = np.mean(terms["reconstruction"]) + 7 * abs(np.mean(terms["kl_z"]) - C)
        np.testing.assert_allclose(np.mean(terms["loss"]), expected, rtol=1e-5)


def test_joint_loss(images):
    model = small_model("joint_vae", latents=HYBRID, gamma=7.0, z_capacity=3.0, z_steps=10, y_capacity=1.0, y_steps=20)
    for step, C_z, C_y in [(0, 0.0, 0.0), (5, 1.5, 0.25), (15, 3.0, 0.75), (1000, 3.0, 1.0)]:
        model.step.assign(step)
        terms = model.objective(images, KEY, training=True)
        penalty = abs(np.mean(terms["kl_z"]) - C_z) + abs(np.mean(terms["kl_y"]) - C_y)
        np.testing.assert_allclose(np.mean(terms["loss"]), np.mean(terms["reconstruction"]) + 7 * penalty, rtol=1e-5)


def test_capacity_beyond_log_k_is_refused():
    with pytest.raises(ValueError, match=r"at most sum log K = 1.3863 nats.*Received: 1.4"):
        small_model("joint_vae", latents=HYBRID, y_capacity=1.4)
    assert small_model("joint_vae", latents=HYBRID).y_capacity == pytest.approx(math.log(4))
    with pytest.raises(ValueError, match="steps >= 1"):
        small_model("annealed_vae", c_steps=0)


def test_capacities_count_steps_not_updates(images):
    model = small_model("joint_vae", latents=HYBRID, z_capacity=10.0, z_steps=10)
    for _ in range(3):
        model.train_on_batch(images)
    np.testing.assert_allclose(model.capacities()["kl_z"], 3.0)


def test_duponts_ramps_are_the_presets():
    """y towards 5 nats over 25,000 steps, stopped at log 10: the same C_y at every step."""
    from vaezoo import PRESETS
    from vaezoo.terms import capacity

    for name, aim, T, K in [("mnist", 5, 25_000, 10), ("fashion_mnist", 10, 50_000, 10), ("dsprites", 1.1, 300_000, 3)]:
        h = PRESETS[f"joint_vae_{name}"]["hyperparameters"]
        for step in (1, 1000, 11_000, 20_000, 299_000, 400_000):
            printed = min(aim * step / T, aim, math.log(K))
            np.testing.assert_allclose(capacity(step, h["y_capacity"], h["y_steps"]), printed, rtol=1e-4)
