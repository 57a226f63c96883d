import numpy as np
import tensorflow as tf

from vaezoo.terms import covariance_of_codes, covariance_of_means, diagonal, off_diagonal

rng = np.random.default_rng(0)
MU = rng.normal(0.3, 1.0, [20, 4]) @ rng.normal(size=[4, 4])
LOG_VAR = rng.normal(-1, 1, [20, 4])


def by_loops():
    B, d = MU.shape
    first, second = np.zeros([d, d]), np.zeros([d, d])
    for i in range(d):
        for j in range(d):
            first[i, j] = sum(MU[b, i] * MU[b, j] for b in range(B)) / B - MU[:, i].mean() * MU[:, j].mean()
            second[i, j] = first[i, j] + (i == j) * sum(np.exp(LOG_VAR[b, i]) for b in range(B)) / B
    return first, second


def built():
    mu, log_var = tf.constant(MU, tf.float32), tf.constant(LOG_VAR, tf.float32)
    return covariance_of_means(mu), covariance_of_codes(mu, log_var)


def test_covariances_are_those_of_a_loop():
    for C, expected in zip(built(), by_loops(), strict=True):
        np.testing.assert_allclose(C, expected, rtol=1e-4, atol=1e-5)


def test_penalties_are_those_of_a_loop():
    for C, expected in zip(built(), by_loops(), strict=True):
        d = len(expected)
        off = sum(expected[i, j] ** 2 for i in range(d) for j in range(d) if i != j)
        on = sum((expected[i, i] - 1) ** 2 for i in range(d))
        np.testing.assert_allclose(off_diagonal(C), off, rtol=1e-4)
        np.testing.assert_allclose(diagonal(C), on, rtol=1e-4)


def test_the_second_is_the_covariance_of_samples():
    n = 20_000
    z = np.repeat(MU, n, axis=0) + np.exp(0.5 * np.repeat(LOG_VAR, n, axis=0)) * rng.standard_normal([20 * n, 4])
    C = built()[1].numpy()
    # The standard error of a sample covariance is sqrt((C_ii C_jj + C_ij^2) / n) for Gaussians, and similar here.
    error = np.sqrt((np.outer(np.diag(C), np.diag(C)) + C**2) / len(z))
    assert (np.abs(np.cov(z.T, bias=True) - C) < 5 * error).all()


def test_whitened_codes_cost_nothing():
    white = (MU - MU.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(MU.T, bias=True))).T
    C = covariance_of_means(tf.constant(white, tf.float32))
    np.testing.assert_allclose([off_diagonal(C), diagonal(C)], 0.0, atol=1e-8)
    assert off_diagonal(built()[0]) > 0.1 and diagonal(built()[0]) > 0.1
