"""The models that look at the aggregate posterior, against their terms summed by hand."""

import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo import terms as T
from vaezoo.latents.noise import fold, standard_normal

HYBRID = {"gaussian": 3, "categorical": (4,)}
KEY = tf.constant([1, 2])


def parts(model, x):
    q, code, p = model.infer(x, KEY, True)
    z = code[:, : model.latents.gaussian]
    return q, z, -p.log_prob(x)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_beta_tcvae(estimator, images):
    weights = {"alpha": 2.0, "beta": 3.0, "gamma": 5.0}
    model = small_model("beta_tcvae", latents=HYBRID, estimator=estimator, **weights)
    found = model.objective(images, KEY, training=True)
    q, z, rec = parts(model, images)
    q_z = T.aggregate_posterior(z, q.mu, q.log_var, dataset_size=48, estimator=estimator)
    expected = rec + 2 * T.index_code_mi(q_z) + 3 * T.total_correlation(q_z) + 5 * T.dimension_wise_kl(q_z)
    np.testing.assert_allclose(found["loss"], expected + 3 * T.categorical_kl(q.logits[0]), rtol=1e-5)


def test_beta_tcvae_with_all_weights_1_is_the_vae_in_expectation(images):
    """Per sample, the three terms are log q(z|x) - log p(z); their mean over noise is KL_z (4 errors)."""
    model, vae = small_model("beta_tcvae", alpha=1.0, beta=1.0, gamma=1.0), small_model("vae")
    differences = []
    for i in range(200):
        key = tf.constant([5, i])
        one, other = (m.objective(images, key, training=True) for m in (model, vae))
        q, code, _ = model.infer(images, key, True)
        z = code[:, :3]
        kl_sample = q.distributions[0].log_prob(z) - model.latents.prior().distributions[0].log_prob(z)
        total = one["mi_z"] + one["total_correlation"] + one["dimension_wise_kl"]
        np.testing.assert_allclose(total, kl_sample, rtol=1e-3, atol=2e-4)
        differences.append(float(tf.reduce_mean(one["loss"] - other["loss"])))
    assert abs(np.mean(differences)) < 4 * np.std(differences) / np.sqrt(200)


def test_beta_tcvaes_gradient_is_the_vaes_in_expectation(images):
    """Along the VAE's gradient, over 300 draws of the noise, within 4 standard errors."""
    model, vae = small_model("beta_tcvae", alpha=1.0, beta=1.0, gamma=1.0), small_model("vae")

    @tf.function
    def gradients(key):
        flat = []
        for m in (model, vae):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(m.objective(images, key, training=True)["loss"])
            flat.append(tf.concat([tf.reshape(g, [-1]) for g in tape.gradient(loss, m.trainable_variables)], 0))
        return flat

    pairs = np.array([gradients(tf.constant([9, i])) for i in range(300)])  # [300, 2, P]
    direction = pairs[:, 1].mean(0) / np.linalg.norm(pairs[:, 1].mean(0))
    along = (pairs[:, 0] - pairs[:, 1]) @ direction
    assert abs(along.mean()) < 4 * along.std() / np.sqrt(300)
    assert np.linalg.norm((pairs[:, 0] - pairs[:, 1]).mean(0)) < 0.1 * np.linalg.norm(pairs[:, 1].mean(0))


def test_info_vae(images):
    model = small_model("info_vae", latents=HYBRID, alpha=0.25, lambda_=4.0, divergence="kl", estimator="mss")
    found = model.objective(images, KEY, training=True)
    q, z, rec = parts(model, images)
    q_z = T.aggregate_posterior(z, q.mu, q.log_var, dataset_size=48, estimator="mss")
    kl = tf.reduce_sum(T.gaussian_kl(q.mu, q.log_var), -1) + T.categorical_kl(q.logits[0])
    D = T.aggregate_kl(q_z) + T.marginal_kl(q.logits[0])
    np.testing.assert_allclose(found["loss"], rec + 0.75 * kl + 3.25 * D, rtol=1e-5)


def test_info_vae_with_mmd(images):
    model = small_model("info_vae", alpha=1.0, lambda_=4.0)
    found = model.objective(images, KEY, training=True)
    q, z, rec = parts(model, images)
    prior = standard_normal(fold(KEY, -1), z.shape)
    np.testing.assert_allclose(found["loss"], rec + 4.0 * T.mmd(z, prior, "gaussian"), rtol=1e-5)
    with pytest.raises(ValueError, match="dataset_size"):
        small_model("info_vae", divergence="kl", dataset_size=None)


def test_wae_mmd(images):
    model = small_model("wae_mmd", latents=HYBRID, lambda_=4.0)
    found = model.objective(images, KEY, training=True)
    q, z, rec = parts(model, images)
    prior = standard_normal(fold(KEY, -1), z.shape)
    np.testing.assert_allclose(found["loss"], rec + 4 * (T.mmd(z, prior) + T.marginal_kl(q.logits[0])), rtol=1e-5)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_vae(kind, images):
    model = small_model("dip_vae", kind=kind, lambda_od=3.0, lambda_d=4.0)
    found = model.objective(images, KEY, training=True)
    q, _, rec = parts(model, images)
    C = np.cov(q.mu.numpy().T, bias=True) + (np.diag(np.exp(q.log_var).mean(0)) if kind == "ii" else 0)
    penalty = 3 * (np.sum(C**2) - np.sum(np.diag(C) ** 2)) + 4 * np.sum((np.diag(C) - 1) ** 2)
    kl = np.sum(T.gaussian_kl(q.mu, q.log_var), -1)
    np.testing.assert_allclose(found["loss"], rec + kl + penalty, rtol=1e-4)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_imae_is_equations_8_and_9(estimator, images):
    model = small_model("imae", latents=HYBRID, beta=3.0, vat_weight=1.0, sigma_r=1.5, estimator=estimator)
    assert model.gamma == 6.0
    found = model.objective(images, KEY, training=True)
    q, z, rec = parts(model, images)
    q_z = T.aggregate_posterior(z, q.mu, q.log_var, dataset_size=48, estimator=estimator)
    r = 0.5 * (z / 1.5) ** 2 + np.log(1.5) + 0.5 * np.log(2 * np.pi)  # -log r(z_k)
    L_z = -tf.reduce_sum(q_z.marginals + r, -1)
    p = q.probs[0].numpy()
    H = lambda p: -np.sum(p * np.log(p), -1)  # noqa: E731
    L_y = H(p.mean(0)) - H(p).mean() - model.vat(images, q, KEY, True)
    maximised = -rec + 3 * L_y + 3 * L_z - 6 * (q_z.joint - tf.reduce_sum(q_z.marginals, -1))
    np.testing.assert_allclose(found["loss"], -maximised, rtol=1e-4)
    assert not {"kl_z", "kl_y"} & set(found)


def test_imaes_diagnostics_are_metrics(images):
    model = small_model("imae", latents=HYBRID)
    shown = model.evaluate(images, verbose=0, return_dict=True)
    assert {"mi_y", "mi_z", "mi_z_lower", "mi_z_upper", "total_correlation"} <= set(shown)
    assert shown["mi_z_lower"] <= shown["mi_z_upper"]
    assert 0 <= shown["mi_y"] <= np.log(4)


@pytest.mark.parametrize("name", ["beta_tcvae", "imae"])
def test_dataset_size_is_required(name):
    with pytest.raises(ValueError, match="needs `dataset_size`"):
        vaezoo.create(name, image_shape=(8, 8, 1))
    encoder, decoder = small_model("vae").encoder, small_model("vae").decoder
    with pytest.raises(TypeError, match="dataset_size"):
        vaezoo.MODELS[name](encoder, decoder, latents=vaezoo.LatentSpec(3))
