"""Bounds on the likelihood: against closed forms and quadrature."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from small import small_model

import vaezoo
from vaezoo.encoding import likelihood, likelihood_bounds


def linear_model(noise: float):
    """p(x | z) = N(w z, 1/4) on 2 x 1 pixels, q(z | x) = N(w' x + noise, 0.6): log p(x) is known."""
    w = np.array([[0.3, 0.2]], np.float32)
    x = keras.Input((2, 1, 1))
    flat = keras.layers.Flatten()(x)
    encoder = keras.Model(x, keras.layers.Dense(2, name="parameters")(flat))
    encoder.layers[-1].set_weights([np.stack([w[0], [0, 0]], 1), np.array([noise, np.log(0.6)])])
    z = keras.Input((1,))
    decoder = keras.Model(z, keras.layers.Reshape((2, 1, 1))(keras.layers.Dense(2, use_bias=False)(z)))
    decoder.layers[1].set_weights([w])
    model = vaezoo.VAE(encoder, decoder, latents=vaezoo.LatentSpec(1), likelihood="gaussian", scale=0.5, seed=0)
    return model, lambda x: stats.multivariate_normal.logpdf(x.reshape(-1, 2), np.zeros(2), w.T @ w + 0.25 * np.eye(2))


def test_bounds_rise_from_the_elbo_to_the_likelihood():
    model, log_p = linear_model(noise=0.5)
    x = np.random.default_rng(8).random((400, 2, 1, 1)).astype(np.float32)
    one, ten, many = (likelihood_bounds(model, x, images=None, k=k) for k in (1, 10, 600))
    q = model.encode(x)
    mu, variance = q.mu.numpy()[:, 0], 0.6
    w = np.array([0.3, 0.2])
    squares = ((x.reshape(-1, 2) - mu[:, None] * w) ** 2 + variance * w**2).sum(1)
    rec = (squares / (2 * 0.25) + np.log(2 * np.pi * 0.25)).mean()
    kl = (0.5 * (mu**2 + variance - 1 - np.log(variance))).mean()
    assert many["reconstruction"] == pytest.approx(rec, abs=0.005) and many["kl_z"] == pytest.approx(kl, rel=1e-4)
    assert many["elbo"] == pytest.approx(-rec - kl, abs=0.005)
    assert one["iwae"] == pytest.approx(-rec - kl, abs=0.1)  # IWAE with one sample is the ELBO, in expectation
    assert many["elbo"] + 0.01 < ten["iwae"] < many["iwae"] < log_p(x).mean() + 0.01
    assert many["iwae"] == pytest.approx(log_p(x).mean(), abs=0.01)


def test_bounds_of_a_hybrid_model_meet_at_the_sum_over_classes(images):
    """With z pinned to the prior, log p(x) of one image is a sum over y and an integral that samples do well."""
    model = small_model("vae", latents={"gaussian": 1, "categorical": (3,)})
    for variable in model.encoder.trainable_variables[-2:]:
        variable.assign(tf.zeros_like(variable))  # q is the prior
    bounds = likelihood_bounds(model, images[:4], images=None, k=512)
    assert bounds["kl_z"] == pytest.approx(0, abs=1e-6) and bounds["kl_y"] == pytest.approx(0, abs=1e-6)
    z, weights = np.polynomial.hermite_e.hermegauss(40)
    codes = [np.concatenate([[value], np.eye(3)[y]]).astype(np.float32) for y in range(3) for value in z]
    log_p = np.array([model.decode(np.tile(code, (4, 1))).log_prob(images[:4]) for code in codes]).astype(np.float64)
    p = np.tile(weights / weights.sum(), 3)[:, None] / 3
    assert bounds["iwae"] == pytest.approx(
        np.log((p * np.exp(log_p - log_p.max())).sum(0)).mean() + log_p.max(), abs=0.1
    )
    assert -bounds["reconstruction"] == pytest.approx((p * log_p).sum(0).mean(), abs=0.2)


def test_batches_of_samples_do_not_show(images, monkeypatch):
    model = small_model("vae")
    model.fit(images, epochs=2, verbose=0)
    whole = likelihood_bounds(model, images, images=None, k=100)
    monkeypatch.setattr(likelihood, "DECODED", 30)
    parts = likelihood_bounds(model, images, images=None, k=100)
    assert parts["iwae"] == pytest.approx(whole["iwae"], abs=0.15)
    assert parts["kl_z"] == pytest.approx(whole["kl_z"], rel=1e-5)


def test_errors(images):
    with pytest.raises(ValueError, match="needs a model of the zoo"):
        likelihood_bounds(object(), images)
    with pytest.raises(ValueError, match="`k` must be at least 1"):
        likelihood_bounds(small_model("vae"), images, images=None, k=0)
