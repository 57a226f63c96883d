import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.terms import (
    batch_size_for,
    categorical_kl,
    cross_entropy,
    entropy,
    information_bounds,
    information_error,
    marginal_kl,
    mutual_information,
    posterior_moments,
)

tfd = tfp.distributions


def random_logits(B=64, K=7, seed=0, scale=2.0):
    return tf.constant(np.random.default_rng(seed).normal(0, scale, [B, K]).astype("float32"))


def softmax(logits):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_entropies_are_tfps():
    p, q = random_logits(seed=0), random_logits(seed=1)
    P, Q = tfd.Categorical(logits=p), tfd.Categorical(logits=q)
    np.testing.assert_allclose(entropy(p), P.entropy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cross_entropy(p, q), P.cross_entropy(Q), rtol=1e-5, atol=1e-6)


def test_cross_entropy_is_finite_where_a_class_is_excluded():
    p, q = tf.constant([[1e4, 0.0]]), tf.constant([[0.0, 1e4]])
    np.testing.assert_allclose(cross_entropy(p, q), [1e4])
    np.testing.assert_allclose(entropy(p), [0.0], atol=1e-6)


def test_mutual_information_is_eq_7():
    logits = random_logits()
    q = softmax(logits.numpy().astype("float64"))
    H = lambda p: -(p * np.log(p)).sum(-1)  # noqa: E731
    np.testing.assert_allclose(mutual_information(logits), H(q.mean(0)) - H(q).mean(), rtol=1e-5)


@pytest.mark.parametrize("K", [2, 10])
def test_mutual_information_at_its_extremes(K):
    constant = tf.tile(random_logits(B=1, K=K), [50, 1])
    np.testing.assert_allclose(mutual_information(constant), 0.0, atol=1e-6)
    balanced = 1e3 * tf.one_hot(tf.range(5 * K) % K, K)
    np.testing.assert_allclose(mutual_information(balanced), np.log(K), rtol=1e-6)
    one_class = 1e3 * tf.one_hot(tf.zeros([50], tf.int32), K)
    np.testing.assert_allclose(mutual_information(one_class), 0.0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_information_and_marginal_kl_add_up_to_the_kl(scale):
    logits = random_logits(scale=scale)
    total = mutual_information(logits) + marginal_kl(logits)
    np.testing.assert_allclose(total, tf.reduce_mean(categorical_kl(logits)), rtol=1e-5, atol=1e-6)


def test_marginal_kl_is_tfps():
    logits = random_logits()
    marginal = tfd.Categorical(probs=softmax(logits.numpy()).mean(0))
    expected = tfd.kl_divergence(marginal, tfd.Categorical(logits=tf.zeros([7])))
    np.testing.assert_allclose(marginal_kl(logits), expected, rtol=1e-4, atol=1e-6)


def test_both_bounds_are_the_information_of_a_gaussian_channel():
    rng = np.random.default_rng(2)
    spread, sigma = np.array([0.01, 0.5, 3.0]), np.array([1.0, 0.5, 0.1])
    mu = (spread * rng.standard_normal([400_000, 3])).astype("float32")
    log_var = np.broadcast_to(2 * np.log(sigma), mu.shape).astype("float32")
    information = 0.5 * np.log(1 + (spread / sigma) ** 2)
    # Var[mu] of n samples has a relative error of sqrt(2 / n) = 0.0022; 1/2 log(1 + v) moves by half of it at most
    for bound in information_bounds(*posterior_moments(mu, log_var)):
        np.testing.assert_allclose(bound, information, atol=4 * 0.0011, rtol=0)
    assert information[0] < 1e-4 < 3 < information[2]


def test_the_upper_bound_holds_for_a_mixture():
    """mu = -1 or 1, sigma = 1/2: I(x; z) by numerical integration, at most log 2."""
    z = np.linspace(-8, 8, 40_001)
    p = np.exp(-0.5 * ((z - np.array([[-1.0], [1.0]])) / 0.5) ** 2) / (0.5 * np.sqrt(2 * np.pi))
    information = (0.5 * p * np.log(p / p.mean(0))).sum() * (z[1] - z[0])
    lower, upper = information_bounds(*posterior_moments([[-1.0], [1.0]], tf.fill([2, 1], math.log(0.25))))
    assert 0.5 < information < np.log(2) < upper.numpy().item() == pytest.approx(0.5 * np.log(5.0))
    assert lower.numpy().item() == pytest.approx(upper.numpy().item())  # sigma does not vary


def test_the_bounds_differ_where_sigma_varies():
    rng = np.random.default_rng(3)
    mu, log_var = rng.normal(size=[1000, 4]), rng.normal(-1, 1, size=[1000, 4])
    lower, upper = information_bounds(*posterior_moments(mu, log_var))
    v, s, log_s = mu.var(0), np.exp(log_var).mean(0), log_var.mean(0)
    np.testing.assert_allclose(lower, 0.5 * np.log(1 + v / s), rtol=1e-5)
    np.testing.assert_allclose(upper, 0.5 * np.log(s + v) - 0.5 * log_s, rtol=1e-5)
    assert (lower.numpy() < upper.numpy()).all()


def test_error_of_proposition_2_by_hand():
    # log(2 * 10) - 1 = 1.99573 > 1;  log(2 * 10 / 0.1) = 5.29832
    assert information_error(1000, K=10, delta=0.1, C=2.0) == pytest.approx(
        10 * (1.9957323 + 2.7182818) * math.sqrt(5.2983174 / 2000), rel=1e-6
    )
    # log(1.5 * 2) - 1 = 0.0986 < 1
    assert information_error(50, K=2, delta=0.2, C=1.5) == pytest.approx(
        2 * (1 + 2.7182818) * math.sqrt(2.9957323 / 100), rel=1e-6
    )


@pytest.mark.parametrize("tolerance", [0.5, 1.7, 3.0, 30.0])
def test_the_batch_size_is_the_smallest(tolerance):
    M = 1
    while information_error(M, K=2, delta=0.1, C=2.0) > tolerance:
        M += 1
    assert batch_size_for(tolerance, K=2, delta=0.1, C=2.0) == M


@pytest.mark.parametrize("M", [1, 2, 7, 431, 123_457])
def test_the_batch_size_inverts_the_error(M):
    error = information_error(M, K=10, delta=0.05, C=2.0)
    assert batch_size_for(error, K=10, delta=0.05, C=2.0) == M
    assert batch_size_for(math.nextafter(error, 0.0), K=10, delta=0.05, C=2.0) == M + 1


def test_proposition_2_holds_in_a_simulation():
    """Two kinds of x, q(y | x) = (0.9, 0.1) or (0.1, 0.9): how often the error of Ihat exceeds the bound."""
    rng = np.random.default_rng(4)
    logits = np.log([[0.9, 0.1], [0.1, 0.9]]).astype("float32")
    truth = np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
    for M in (20, 500):
        kinds = rng.integers(0, 2, [200, M])
        errors = [abs(mutual_information(tf.constant(logits[k])).numpy() - truth) for k in kinds]
        assert np.mean(np.array(errors) > information_error(M, K=2, delta=0.05, C=2.0)) <= 0.1
        # The bound also holds with exp(-1) in place of exp(1), because -p log p <= exp(-1).
        tighter = information_error(M, K=2, delta=0.05, C=2.0) * (1 + math.exp(-1)) / (1 + math.e)
        assert np.mean(np.array(errors) > tighter) <= 0.1


@pytest.mark.parametrize(
    "wrong", [{"tolerance": 0.0}, {"tolerance": -1.0}, {"K": 1}, {"delta": 0.0}, {"delta": 1.0}, {"C": 1.0}]
)
def test_batch_size_errors(wrong):
    with pytest.raises(ValueError, match="Received"):
        batch_size_for(**{"tolerance": 0.1, "K": 10, "delta": 0.05, "C": 2.0} | wrong)
