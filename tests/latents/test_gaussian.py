import numpy as np
import tensorflow as tf
from scipy import stats

from vaezoo.latents.gaussian import diagonal_gaussian, reparameterised

KEY = tf.constant([2, 9])


def test_the_distribution_is_a_product_of_normals():
    rng = np.random.default_rng(0)
    mu, log_var, z = rng.normal(size=[3, 6, 4]).astype("float32")
    q = diagonal_gaussian(tf.constant(mu), tf.constant(log_var))
    assert q.batch_shape == [6] and q.event_shape == [4]
    np.testing.assert_allclose(q.log_prob(z), stats.norm.logpdf(z, mu, np.exp(log_var / 2)).sum(-1), rtol=1e-4)


def test_samples_have_the_moments_asked_for():
    n, mu, log_var = 100_000, np.array([-1.0, 0.0, 5.0]), np.array([-6.0, 0.0, 2.0])
    z = reparameterised(
        KEY, tf.ones([n, 1]) * tf.constant(mu, tf.float32), tf.ones([n, 1]) * tf.constant(log_var, tf.float32)
    )
    z, sigma = z.numpy().astype("float64"), np.exp(log_var / 2)
    assert (np.abs(z.mean(0) - mu) < 4 * sigma / np.sqrt(n)).all()
    assert (np.abs(z.var(0) / sigma**2 - 1) < 4 * np.sqrt(2 / n)).all()
    assert np.abs(np.corrcoef(z.T) - np.eye(3)).max() < 4 / np.sqrt(n)


def test_gradients_are_those_of_the_reparameterisation():
    mu, log_var = tf.constant([[0.5, -1.0]]), tf.constant([[0.2, -3.0]])
    with tf.GradientTape() as tape:
        tape.watch([mu, log_var])
        z = reparameterised(KEY, mu, log_var)
    to_mu, to_log_var = tape.gradient(z, [mu, log_var])
    np.testing.assert_allclose(to_mu, 1.0)
    np.testing.assert_allclose(to_log_var, 0.5 * (z - mu), rtol=1e-5)
    assert np.abs(to_log_var).min() > 0
