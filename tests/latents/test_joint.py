import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents import LatentSpec, Posterior
from vaezoo.terms import categorical_kl, gaussian_kl

KEY = tf.constant([8, 3])
SPEC = LatentSpec(gaussian=3, categorical=(4, 2))


def posterior(B=6, spec=SPEC, seed=0):
    return spec.posterior(tf.constant(np.random.default_rng(seed).normal(size=[B, spec.parameters]).astype("float32")))


@pytest.mark.parametrize("categorical", [(), (5,), (4, 2)])
def test_kl_from_the_prior_is_the_sum_of_the_terms(categorical):
    spec = LatentSpec(gaussian=3, categorical=categorical)
    q = posterior(spec=spec)
    expected = tf.reduce_sum(gaussian_kl(q.mu, q.log_var), axis=-1)
    for logits in q.logits:
        expected += categorical_kl(logits)
    np.testing.assert_allclose(tfp.distributions.kl_divergence(q, spec.prior()), expected, rtol=1e-5)


def test_log_prob_is_the_sum_over_blocks():
    q = posterior()
    code = q.rsample(KEY)
    z, (y1, y2) = SPEC.split(code)
    normal = -0.5 * ((z - q.mu) ** 2 * np.exp(-q.log_var) + q.log_var + np.log(2 * np.pi)).numpy().sum(-1)
    chosen = sum((y * tf.nn.log_softmax(logits)).numpy().sum(-1) for y, logits in zip((y1, y2), q.logits, strict=True))
    np.testing.assert_allclose(q.log_prob(code), normal + chosen, rtol=1e-5)


@pytest.mark.parametrize("temperature", [None, 0.67])
def test_eager_graph_and_xla_draw_the_same(temperature):
    parameters = tf.constant(np.random.default_rng(1).normal(size=[64, SPEC.parameters]).astype("float32"))
    draw = lambda parameters: SPEC.posterior(parameters).rsample(KEY, temperature)  # noqa: E731
    eager = draw(parameters)
    for jit in (False, True):
        np.testing.assert_allclose(tf.function(draw, jit_compile=jit)(parameters), eager, rtol=1e-4, atol=1e-5)


def test_a_sample_without_temperature_has_hard_ys():
    q = posterior()
    _, ys = SPEC.split(q.rsample(KEY))
    for y, logits in zip(ys, q.logits, strict=True):
        np.testing.assert_array_equal(y, np.eye(logits.shape[-1])[np.argmax(logits, axis=-1)])


def test_an_rsample_has_the_moments_of_q():
    n = 100_000
    one = posterior(B=1)
    q = Posterior(*(tf.tile(v, [n, 1]) for v in (one.mu, one.log_var)), [tf.tile(v, [n, 1]) for v in one.logits])
    code = q.rsample(KEY, temperature=0.01).numpy()
    mean = one.mean().numpy()[0]
    error = code.std(axis=0) / np.sqrt(n)
    # At 0.01 a relaxed y is almost one-hot, and its mean differs from q(y | x) by about tau^2.
    assert (np.abs(code.mean(axis=0) - mean) < 4 * error + 1e-3).all()
    np.testing.assert_allclose(mean[3:7], tf.nn.softmax(one.logits[0])[0], rtol=1e-5)


def test_blocks_are_independent():
    n = 50_000
    spec = LatentSpec(gaussian=2, categorical=(2, 2))
    z1, z2, y1, _, y2, _ = spec.posterior(tf.zeros([n, spec.parameters])).rsample(KEY, 0.67).numpy().T
    correlation = np.corrcoef([z1, z2, y1, y2]) - np.eye(4)
    assert np.abs(correlation).max() < 4 / np.sqrt(n)


def test_keys_differ_and_repeat():
    q = posterior()
    a, b, c = (q.rsample(tf.constant(key), 0.67).numpy() for key in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(a, b)
    assert (a != c).all()


def test_gradients_reach_every_parameter():
    parameters = tf.zeros([4, SPEC.parameters])
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        # Squares, because the sum of y is 1 for all logits.
        loss = tf.reduce_sum(SPEC.posterior(parameters).rsample(KEY, 0.67) ** 2)
    assert (np.abs(tape.gradient(loss, parameters)) > 1e-6).all()


def test_the_mode_is_the_mean_and_the_most_probable_classes():
    q = posterior()
    z, ys = SPEC.split(q.mode())
    np.testing.assert_array_equal(z, q.mu)
    for y, probs in zip(ys, q.probs, strict=True):
        np.testing.assert_array_equal(np.argmax(y, axis=-1), np.argmax(probs, axis=-1))
        np.testing.assert_array_equal(np.sort(y, axis=-1)[:, -2:], [[0, 1]] * 6)


def test_the_mode_is_that_of_the_blocks_and_has_the_largest_density():
    """max log q = - 1/2 sum_k (log_var_k + log 2 pi) + sum over blocks of max_c log q_c, in closed form."""
    q = posterior()
    code = q.mode()
    assert code.shape == (*q.batch_shape, *q.event_shape)
    np.testing.assert_array_equal(code, np.concatenate([block.mode() for block in q.blocks], axis=-1))
    largest = -0.5 * (q.log_var + np.log(2 * np.pi)).numpy().sum(-1)
    largest += sum(np.max(tf.nn.log_softmax(logits), axis=-1) for logits in q.logits)
    np.testing.assert_allclose(q.log_prob(code), largest, rtol=1e-5)
    assert np.all(q.log_prob(q.sample(1000, seed=[1, 2])) <= q.log_prob(code) + 1e-5)


def test_probs_are_the_softmax():
    q = posterior()
    for probs, logits in zip(q.probs, q.logits, strict=True):
        e = np.exp(logits)
        np.testing.assert_allclose(probs, e / e.sum(-1, keepdims=True), rtol=1e-5)


def test_a_sample_has_the_law_of_its_blocks():
    """Means within four standard errors, and log-probabilities whose mean is minus the entropy."""
    n, q = 40_000, posterior(B=2)
    codes = q.sample(n, seed=[1, 2])
    assert codes.shape == (n, *q.batch_shape, *q.event_shape) == (n, 2, 9)
    sd = np.concatenate([np.exp(0.5 * q.log_var), *(np.sqrt(p * (1 - p)) for p in q.probs)], axis=-1)
    assert (np.abs(np.mean(codes, axis=0) - q.mean()) < 4 * sd / np.sqrt(n)).all()
    log_q = q.log_prob(codes).numpy()
    assert (np.abs(log_q.mean(axis=0) + q.entropy()) < 4 * log_q.std(axis=0) / np.sqrt(n)).all()
    np.testing.assert_array_equal(codes, q.sample(n, seed=[1, 2]))
    correlation = np.corrcoef(codes[:, 0].numpy()[:, [0, 1, 3, 7]].T) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(n)  # z, z, y1, y2: each block has a seed of its own
