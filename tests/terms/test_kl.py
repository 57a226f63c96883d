import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.terms import categorical_kl, gaussian_kl

tfd = tfp.distributions


def test_gaussian_kl_is_tfps():
    rng = np.random.default_rng(0)
    mu, log_var = rng.normal(0, 2, [64, 7]).astype("float32"), rng.uniform(-8, 3, [64, 7]).astype("float32")
    expected = tfd.kl_divergence(tfd.Normal(mu, np.exp(0.5 * log_var)), tfd.Normal(0.0, 1.0))
    np.testing.assert_allclose(gaussian_kl(mu, log_var), expected, rtol=1e-5, atol=1e-6)


def test_gaussian_kl_is_the_mean_log_ratio():
    rng = np.random.default_rng(1)
    mu, log_var = 0.7, -1.2
    z = mu + np.exp(0.5 * log_var) * rng.standard_normal(200_000)
    log_ratio = -0.5 * ((z - mu) ** 2 * np.exp(-log_var) + log_var) + 0.5 * z**2
    error = log_ratio.std() / np.sqrt(z.size)
    kl = gaussian_kl(tf.constant([[mu]]), tf.constant([[log_var]])).numpy().item()
    assert abs(kl - log_ratio.mean()) < 4 * error


@pytest.mark.parametrize("log_var", [1e-3, -1e-3, 1e-2, -1e-2])
def test_small_gaussian_kl_keeps_its_digits(log_var):
    kl = gaussian_kl(tf.zeros([1, 1]), tf.constant([[log_var]])).numpy().item()
    assert kl == pytest.approx(0.5 * (np.expm1(log_var) - log_var), rel=2e-3)


def test_categorical_kl_is_tfps():
    logits = np.random.default_rng(2).normal(0, 3, [64, 5]).astype("float32")
    uniform = tfd.OneHotCategorical(logits=tf.zeros([5]))
    expected = tfd.kl_divergence(tfd.OneHotCategorical(logits=logits), uniform)
    np.testing.assert_allclose(categorical_kl(tf.constant(logits)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("K", [2, 10, 1000])
def test_categorical_kl_is_between_0_and_log_K(K):
    logits = tf.constant(np.random.default_rng(3).normal(0, 30, [256, K]).astype("float32"))
    kl = categorical_kl(logits).numpy()
    assert (kl >= -1e-5).all() and (kl <= np.log(K) + 1e-5).all()
    np.testing.assert_allclose(categorical_kl(tf.zeros([1, K])), [0.0], atol=1e-5)
    np.testing.assert_allclose(categorical_kl(1e4 * tf.one_hot([1], K)), [np.log(K)], rtol=1e-6)
