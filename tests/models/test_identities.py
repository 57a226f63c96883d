"""Models that must coincide, on values and on gradients."""

import numpy as np
import pytest
import tensorflow as tf
from compare import GAUSSIAN, HYBRID, KEY, assert_same, objective
from small import small_model

over_latents = pytest.mark.parametrize("latents", [GAUSSIAN, HYBRID])


def assert_models_same(one, other, x):
    assert_same(one, lambda model: objective(model, x), other, lambda model: objective(model, x))


@over_latents
def test_beta_vae_with_beta_1_is_the_vae(latents, images):
    assert_models_same(small_model("beta_vae", beta=1.0, latents=latents), small_model("vae", latents=latents), images)


@over_latents
def test_beta_weighs_the_kl(latents, images):
    terms = small_model("beta_vae", beta=3.0, latents=latents).objective(images, KEY, training=True)
    kl = terms["kl_z"] + terms.get("kl_y", 0.0)
    np.testing.assert_allclose(terms["loss"], terms["reconstruction"] + 3 * kl, rtol=1e-5)


@over_latents
def test_info_vae_with_alpha_0_and_lambda_1_is_the_vae(latents, images):
    info = small_model("info_vae", alpha=0.0, lambda_=1.0, divergence="kl", latents=latents)
    assert_models_same(info, small_model("vae", latents=latents), images)


def test_joint_vae_without_discrete_latents_is_annealed_vae(images):
    joint = small_model("joint_vae", gamma=9.0, z_capacity=4.0, z_steps=8)
    annealed = small_model("annealed_vae", gamma=9.0, c_max=4.0, c_steps=8)
    for step in (0, 3, 20):
        joint.step.assign(step)
        annealed.step.assign(step)
        assert_models_same(joint, annealed, images)


@over_latents
@pytest.mark.parametrize("name", ["factor_vae", "dip_vae"])
def test_without_their_penalties_they_are_the_vae(name, latents, images):
    off = {"factor_vae": {"gamma": 0.0}, "dip_vae": {"lambda_od": 0.0, "lambda_d": 0.0}}[name]
    assert_models_same(small_model(name, latents=latents, **off), small_model("vae", latents=latents), images)


def test_nonsyn_without_alpha_is_the_vae(images):
    assert_models_same(small_model("nonsyn", alpha=0.0), small_model("vae"), images)


def test_the_vaes_loss_is_the_negative_elbo(images):
    """Against tfp's own densities at the very code that was drawn, averaged over keys: Monte Carlo, 4 errors."""
    model = small_model("vae")
    prior = model.latents.prior()

    @tf.function
    def draw(key):
        q, code, p = model.infer(images, key, training=True)
        elbo = p.log_prob(images) + prior.log_prob(code) - q.log_prob(code)
        return model.objective(images, key, training=True)["loss"] + elbo

    differences = [draw(tf.constant([7, i])) for i in range(200)]
    difference = np.mean(differences, axis=1)  # the KL's own Monte Carlo noise is left
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(difference))
