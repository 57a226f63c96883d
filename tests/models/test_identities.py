"""Models that must coincide, on values and on gradients."""

import numpy as np
import pytest
import tensorflow as tf
from small import small_model


def values_and_gradients(model, x, key=(3, 4)):
    with tf.GradientTape() as tape:
        terms = model.objective(x, tf.constant(key), training=True)
        loss = tf.reduce_mean(terms["loss"])
    variables = [*model.encoder.trainable_variables, *model.decoder.trainable_variables]
    return [loss, *tape.gradient(loss, variables)]


def assert_same(one, other, x, **tolerance):
    for a, b in zip(values_and_gradients(one, x), values_and_gradients(other, x), strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 1e-5, "atol": 1e-5, **tolerance})


def test_beta_vae_with_beta_1_is_the_vae(images):
    assert_same(small_model("beta_vae", beta=1.0), small_model("vae"), images)


def test_beta_weighs_the_kl(images):
    terms = small_model("beta_vae", beta=3.0).objective(images, tf.constant([1, 2]), training=True)
    np.testing.assert_allclose(terms["loss"], terms["reconstruction"] + 3 * terms["kl_z"], rtol=1e-5)


HYBRID = {"gaussian": 2, "categorical": (4,)}


@pytest.mark.parametrize("latents", [{"gaussian": 3}, HYBRID])
def test_info_vae_with_alpha_0_and_lambda_1_is_the_vae(latents, images):
    info = small_model("info_vae", alpha=0.0, lambda_=1.0, divergence="kl", latents=latents)
    assert_same(info, small_model("vae", latents=latents), images)


def test_joint_vae_without_discrete_latents_is_annealed_vae(images):
    joint = small_model("joint_vae", gamma=9.0, z_capacity=4.0, z_steps=8)
    annealed = small_model("annealed_vae", gamma=9.0, c_max=4.0, c_steps=8)
    for step in (0, 3, 20):
        joint.step.assign(step)
        annealed.step.assign(step)
        assert_same(joint, annealed, images)


@pytest.mark.parametrize("name", ["factor_vae", "dip_vae"])
def test_without_their_penalties_they_are_the_vae(name, images):
    off = {"factor_vae": {"gamma": 0.0}, "dip_vae": {"lambda_od": 0.0, "lambda_d": 0.0}}[name]
    assert_same(small_model(name, **off), small_model("vae"), images)


def test_nonsyn_without_alpha_is_the_vae(images):
    assert_same(small_model("nonsyn", alpha=0.0), small_model("vae"), images)


def test_the_vaes_loss_is_the_negative_elbo(images):
    """Against tfp's own densities at the very code that was drawn, averaged over keys: Monte Carlo, 4 errors."""
    model = small_model("vae")
    prior = model.latents.prior()
    losses, elbos = [], []
    for i in range(200):
        key = tf.constant([7, i])
        losses.append(model.objective(images, key, training=True)["loss"])
        q, code, p = model.infer(images, key, training=True)
        elbos.append(p.log_prob(images) + prior.log_prob(code) - q.log_prob(code))
    difference = np.mean(np.array(losses) + np.array(elbos), axis=1)  # the KL's own Monte Carlo noise is left
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(difference))
