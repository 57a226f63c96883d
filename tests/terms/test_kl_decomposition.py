import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import norm

from vaezoo.terms import (
    aggregate_kl,
    aggregate_posterior,
    aggregate_posteriors,
    dimension_mi,
    dimension_wise_kl,
    gaussian_kl,
    index_code_mi,
    total_correlation,
)
from vaezoo.terms.aggregate_posteriors import pair_weights

N = 60_000


def encoded(B=32, d=4, seed=0):
    rng = np.random.default_rng(seed)
    mu, log_var = rng.normal(0, 1, [B, d]), rng.uniform(-3, 0, [B, d])
    z = mu + np.exp(0.5 * log_var) * rng.standard_normal([B, d])
    return [tf.constant(v, tf.float32) for v in (z, mu, log_var)]


def weights_by_definition(B, N, estimator):
    if estimator == "mws":
        return np.full([B, B], 1 / (N * B))
    M = B - 1
    w = np.zeros([B, B])
    for i in range(B):
        others = [(i + n) % B for n in range(1, B)]  # the first of them is the stratified one
        w[i, i] = 1 / N
        w[i, others[0]] = (N - M) / (N * M)
        w[i, others[1:]] = 1 / M
    return w


@pytest.mark.parametrize("estimator", ["mws", "mss"])
@pytest.mark.parametrize("B", [2, 3, 8])
def test_weights_follow_the_definition(estimator, B):
    w = pair_weights(tf.range(B), B, 100, estimator).numpy()
    np.testing.assert_allclose(w, weights_by_definition(B, 100, estimator), rtol=1e-6)
    np.testing.assert_allclose(w.sum(axis=1), 1.0 if estimator == "mss" else 1 / 100, rtol=1e-6)


def test_stratified_weights_have_1_over_N_on_the_diagonal_alone():
    w = pair_weights(tf.range(6), 6, 1000, "mss").numpy()
    np.testing.assert_allclose(np.diag(w), 1e-3, rtol=1e-6)
    assert (w[~np.eye(6, dtype=bool)] > 0.1).all()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_batch_larger_than_the_data_set_is_taken_for_all_of_it(jit_compile):
    """This applies to batch sizes that are unknown when tracing; a known one raises an error."""

    @tf.function(input_signature=3 * [tf.TensorSpec([None, 4])], jit_compile=jit_compile)
    def joint(*code):
        return [aggregate_posterior(*code, dataset_size=N, estimator="mss").joint for N in (5, 32)]

    small, whole = joint(*encoded(B=32))
    np.testing.assert_allclose(small, whole, rtol=1e-6)
    np.testing.assert_allclose(pair_weights(tf.range(8), 8, 5, "mss").numpy().sum(axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_densities_are_those_of_a_plain_loop(estimator):
    z, mu, log_var = encoded(B=9, d=3)
    q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator=estimator)
    z, mu, sigma = z.numpy(), mu.numpy(), np.exp(0.5 * log_var.numpy())
    w = weights_by_definition(9, N, estimator)
    for i in range(9):
        log_q = np.array([norm.logpdf(z[i], mu[j], sigma[j]) for j in range(9)])  # [B, d]
        np.testing.assert_allclose(q.given_x[i], log_q[i], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(q.joint[i], logsumexp(log_q.sum(-1), b=w[i]), rtol=1e-4)
        for k in range(3):
            np.testing.assert_allclose(q.marginals[i, k], logsumexp(log_q[:, k], b=w[i]), rtol=1e-4)


@pytest.mark.parametrize(
    "estimator, static, jit_compile", [("mws", True, False), ("mss", True, True), ("mss", False, False)]
)
def test_blocks_of_rows_do_not_show(estimator, static, jit_compile, monkeypatch):
    """Values and gradients of 23 images in blocks of 5 rows, the last one of 3, are those of one block."""
    code = encoded(B=23, d=4)
    shape = [23 if static else None, 4]

    def values_and_gradients(*code):
        with tf.GradientTape() as tape:
            tape.watch(code)
            q = aggregate_posterior(*code, dataset_size=N, estimator=estimator)
            loss = tf.reduce_sum(tf.sin(q.joint)) + tf.reduce_sum(q.marginals**2)
        return [q.joint, q.marginals, *tape.gradient(loss, code)]

    whole = values_and_gradients(*code)
    monkeypatch.setattr(aggregate_posteriors, "BLOCK", 5 * 23 * 4)
    compiled = tf.function(
        values_and_gradients, input_signature=3 * [tf.TensorSpec(shape)], jit_compile=jit_compile, autograph=False
    )
    for expected, got in zip(whole, compiled(*code), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_the_three_terms_add_up_for_every_sample(estimator):
    z, mu, log_var = encoded(B=64, d=10)
    q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator=estimator)
    z, mu, sigma = z.numpy(), mu.numpy(), np.exp(0.5 * log_var.numpy())
    log_ratio = (norm.logpdf(z, mu, sigma) - norm.logpdf(z)).sum(axis=-1)
    total = index_code_mi(q) + total_correlation(q) + dimension_wise_kl(q)
    np.testing.assert_allclose(total, log_ratio, rtol=1e-4, atol=2e-4)
    np.testing.assert_allclose(index_code_mi(q) + aggregate_kl(q), log_ratio, rtol=1e-4, atol=2e-4)


def correlated_batches(estimator, batches=24, B=1024):
    """The terms' batch means, [batches, 5], of x ~ N(0, S), mu(x) = x, sigma^2 = 1/2: q(z) = N(0, S + I/2)."""
    rng = np.random.default_rng(4)
    log_var = tf.fill([B, 2], float(np.log(0.5)))

    @tf.function
    def terms(z, mu):
        q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator=estimator)
        first_mi = dimension_mi(q)[:, 0]
        each = [index_code_mi(q), total_correlation(q), dimension_wise_kl(q), aggregate_kl(q), first_mi]
        return tf.stack([tf.reduce_mean(term) for term in each])

    results = []
    for _ in range(batches):
        mu = rng.multivariate_normal(np.zeros(2), [[1.0, 0.8], [0.8, 1.0]], B)
        z = mu + np.sqrt(0.5) * rng.standard_normal([B, 2])
        results.append(terms(tf.constant(z, tf.float32), tf.constant(mu, tf.float32)).numpy())
    return np.array(results)


def closed_forms():
    C = np.array([[1.5, 0.8], [0.8, 1.5]])
    tc = 0.5 * np.log(np.prod(np.diag(C)) / np.linalg.det(C))
    mi = 0.5 * np.log(np.linalg.det(C) / 0.25)
    dimension_wise = (0.5 * (np.diag(C) - 1 - np.log(np.diag(C)))).sum()
    return np.array([mi, tc, dimension_wise, tc + dimension_wise, 0.5 * np.log(3.0)])


def test_stratified_terms_of_a_correlated_gaussian():
    terms = correlated_batches("mss")
    error = terms.std(axis=0) / np.sqrt(len(terms))
    # log of a mean of M weights is biased by -Var / 2M: here, q(z | x) / q(z) has a variance of about 4
    bias = 0.005
    assert (error < 0.02).all()
    assert (np.abs(terms.mean(axis=0) - closed_forms()) < 4 * error + bias).all()


def test_weighted_terms_of_a_correlated_gaussian_are_offset_by_log_N():
    terms = correlated_batches("mws")
    error = terms.std(axis=0) / np.sqrt(len(terms))
    offset = np.log(N) * np.array([1, 1, -2, -1, 1])  # log q(z) and each log q(z_k) are log N too low; d = 2
    bias = 0.01  # a sample's own pair adds about exp(I) / B
    assert (np.abs(terms.mean(axis=0) - offset - closed_forms()) < 4 * error + bias).all()


@pytest.mark.parametrize(("estimator", "expected"), [("mws", np.log(N * 16)), ("mss", np.log(N))])
def test_information_of_posteriors_that_never_overlap(estimator, expected):
    mu = 100.0 * tf.range(16.0)[:, None] * tf.ones([1, 3])
    q = aggregate_posterior(mu, mu, tf.fill([16, 3], -2.0), dataset_size=N, estimator=estimator)
    np.testing.assert_allclose(index_code_mi(q), expected, rtol=1e-5)


def test_weighted_gradients_do_not_depend_on_the_dataset_size():
    z, mu, log_var = encoded()

    def gradient(dataset_size):
        with tf.GradientTape() as tape:
            tape.watch(mu)
            q = aggregate_posterior(z, mu, log_var, dataset_size=dataset_size)
            loss = tf.reduce_sum(total_correlation(q) + 3.0 * dimension_wise_kl(q))
        return tape.gradient(loss, mu)

    np.testing.assert_allclose(gradient(100), gradient(10**6), rtol=1e-4, atol=1e-5)


def test_the_dimension_wise_kl_from_a_scaled_prior():
    z, mu, log_var = encoded()
    q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator="mss")
    difference = (norm.logpdf(z.numpy()) - norm.logpdf(z.numpy(), scale=2.0)).sum(-1)
    np.testing.assert_allclose(dimension_wise_kl(q, scale=2.0) - dimension_wise_kl(q), difference, rtol=1e-3)


def test_information_is_the_kl_minus_the_aggregate_kl_on_the_whole_data_set():
    """With B = N and MSS, q(z) is nearly exact; the means over many samples give KL(q(z | x) || p(z))."""
    rng = np.random.default_rng(5)
    B = 512
    mu, log_var = rng.normal(size=[B, 2]).astype("float32"), np.full([B, 2], -1.0, "float32")
    gaps = []
    for _ in range(40):
        z = mu + np.exp(0.5 * log_var) * rng.standard_normal([B, 2]).astype("float32")
        q = aggregate_posterior(z, mu, log_var, dataset_size=B, estimator="mss")
        gaps.append(tf.reduce_mean(index_code_mi(q) + aggregate_kl(q)).numpy())
    kl = tf.reduce_mean(tf.reduce_sum(gaussian_kl(mu, log_var), axis=-1)).numpy()
    assert abs(np.mean(gaps) - kl) < 4 * np.std(gaps) / np.sqrt(len(gaps))


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_compiled_values_and_gradients_are_those_of_eager(estimator):
    def losses(z, mu, log_var):
        with tf.GradientTape() as tape:
            tape.watch([mu, log_var])
            q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator=estimator)
            loss = tf.reduce_mean(index_code_mi(q) + 2.0 * total_correlation(q) + dimension_wise_kl(q))
        return loss, *tape.gradient(loss, [mu, log_var])

    arguments = encoded()
    for compiled, eager in zip(tf.function(losses, jit_compile=True)(*arguments), losses(*arguments), strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("log_var", [-100.0, -170.0])
def test_values_and_gradients_of_the_narrowest_posteriors(log_var):
    """exp(-log_var) is infinite in float32; the terms have closed forms, as no code is near another's mean."""
    mu = tf.random.stateless_normal([16, 3], seed=[1, 2])
    given = [mu, mu, tf.fill([16, 3], log_var)]
    with tf.GradientTape() as tape:
        tape.watch(given)
        q = aggregate_posterior(*given, dataset_size=N, estimator="mss")
        terms = index_code_mi(q), total_correlation(q)
        loss = tf.add_n(terms)
    np.testing.assert_allclose(terms[0], np.log(N), rtol=1e-4)
    np.testing.assert_allclose(terms[1], 2 * np.log(N), rtol=1e-4)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, given))


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_a_batch_of_one_is_finite(estimator):
    z, mu, log_var = encoded(B=1)
    q = aggregate_posterior(z, mu, log_var, dataset_size=N, estimator=estimator)
    np.testing.assert_allclose(index_code_mi(q), np.log(N), rtol=1e-5)


def test_errors_name_what_was_received():
    z, mu, log_var = encoded(B=32)
    with pytest.raises(ValueError, match="'mvs'"):
        aggregate_posterior(z, mu, log_var, dataset_size=N, estimator="mvs")
    with pytest.raises(ValueError, match="`dataset_size` must be a whole number of at least 1. Received: 0"):
        aggregate_posterior(z, mu, log_var, dataset_size=0)
    with pytest.raises(ValueError, match="at least the batch size, 32. Received: 31"):
        aggregate_posterior(z, mu, log_var, dataset_size=31)
