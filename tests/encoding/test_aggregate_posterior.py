"""The aggregate posterior of a data set: against closed forms and mixtures."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import vaezoo.encoding.aggregate_posterior as module
from vaezoo.encoding import dataset_aggregate_posterior, decomposition
from vaezoo.metrics import per_latent
from vaezoo.terms import aggregate_posterior, dimension_mi
from vaezoo.terms import total_correlation as tc_of

SCALE = np.float32(0.5)


@pytest.fixture(scope="module")
def linear():
    """mu = A x of a standard normal x, posterior variance 1/4: q(z) is N(0, A A' + 1/4)."""
    A = np.array([[1.0, 0.0], [0.8, 0.6]])
    rng = np.random.default_rng(0)
    mean = (rng.standard_normal((20_000, 2)) @ A.T).astype(np.float32)
    return A @ A.T, mean, np.full_like(mean, 2 * np.log(SCALE))


def test_decomposition_of_a_linear_gaussian_posterior(linear):
    cov_mean, mean, log_var = linear
    cov = cov_mean + SCALE**2 * np.eye(2)
    result = decomposition(dataset_aggregate_posterior(mean, log_var, num_samples=2000))
    determinant, variances = np.linalg.det(cov), np.diag(cov)
    expected = {
        "mi_z": 0.5 * np.log(determinant / SCALE**4),
        "total_correlation": 0.5 * np.log(variances.prod() / determinant),
        "dimension_wise_kl": 0.5 * np.sum(variances - 1 - np.log(variances)),
    }
    for name, value in expected.items():
        assert abs(result[name] - value) < 4 * result[f"{name}_se"] + 0.01, name
        assert result[f"{name}_se"] < 0.04
    assert expected["total_correlation"] > 0.25


def test_information_of_each_latent_lies_within_the_bounds_which_meet_for_constant_noise(linear):
    cov_mean, mean, log_var = linear
    table = per_latent(mean, log_var, dimension_mi(dataset_aggregate_posterior(mean, log_var, num_samples=2000)))
    exact = 0.5 * np.log1p(np.diag(cov_mean) / SCALE**2)
    np.testing.assert_allclose(table["mi"], exact, atol=4 * table["mi_se"].max())
    for bound in ("mi_lower", "mi_upper"):
        np.testing.assert_allclose(table[bound], exact, atol=0.02)
    np.testing.assert_allclose(table["var_mean"], np.diag(cov_mean), rtol=0.03)
    np.testing.assert_allclose(table["mean_var"], SCALE**2, rtol=1e-5)


def test_bounds_hold_where_the_noise_varies():
    rng = np.random.default_rng(1)
    log_var = rng.normal(-1, 1, (5000, 1)).astype(np.float32)
    mean = rng.normal(size=(5000, 1)).astype(np.float32)
    table = per_latent(mean, log_var, dimension_mi(dataset_aggregate_posterior(mean, log_var, num_samples=4000)))
    assert table["mi"][0] < table["mi_upper"][0] + 3 * table["mi_se"][0]
    assert table["mi_upper"][0] - table["mi_lower"][0] > 0.2


def test_densities_are_the_mixture_over_all_rows():
    rng = np.random.default_rng(2)
    mean, log_var = rng.normal(size=(2, 50, 2)).astype(np.float32)
    q = dataset_aggregate_posterior(mean, log_var, num_samples=10)
    z, sd = q.z.numpy(), np.exp(0.5 * log_var)
    components = stats.norm.pdf(z[:, None], mean[None], sd[None])  # [10, 50, 2]
    np.testing.assert_allclose(q.joint, np.log(components.prod(-1).mean(1)), rtol=1e-4)
    np.testing.assert_allclose(q.marginals, np.log(components.mean(1)), rtol=1e-4, atol=1e-5)


def test_the_chunks_of_rows_and_samples_do_not_show(monkeypatch):
    rng = np.random.default_rng(3)
    mean, log_var = rng.normal(size=(2, 50, 2)).astype(np.float32)
    whole = dataset_aggregate_posterior(mean, log_var, dataset_size=80)
    monkeypatch.setattr(module, "SAMPLES", 16)
    monkeypatch.setattr(module, "ROWS", 20)
    parts = dataset_aggregate_posterior(mean, log_var, dataset_size=80)
    np.testing.assert_allclose(parts.joint, whole.joint, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(parts.marginals, whole.marginals, rtol=1e-4, atol=1e-5)


def test_a_sample_of_the_rows_estimates_the_density_of_all_without_bias():
    """Given z_i, the mean over samples of the other rows of the estimate of q(z_i) is q(z_i)."""
    rng = np.random.default_rng(4)
    mean = rng.normal(size=(40, 1)).astype(np.float32)
    log_var = np.full_like(mean, -2.0)
    ratios = []
    for seed in range(300):
        rows = rng.permutation(40)[:10]
        q = dataset_aggregate_posterior(mean[rows], log_var[rows], dataset_size=40, seed=seed)
        exact = stats.norm.pdf(q.z.numpy(), mean[:, 0], np.exp(-1.0)).mean(1)
        ratios.append(np.exp(q.joint.numpy()) / exact)
    ratios = np.concatenate(ratios)
    assert abs(ratios.mean() - 1) < 0.03 and ratios.std() > 0.1


def test_agrees_with_the_minibatch_estimator(linear):
    _, mean, log_var = linear
    whole = decomposition(dataset_aggregate_posterior(mean, log_var, num_samples=1000))
    z = mean[:1000] + SCALE * np.random.default_rng(5).standard_normal((1000, 2), np.float32)
    batch = aggregate_posterior(z, mean[:1000], log_var[:1000], dataset_size=20_000, estimator="mss")
    assert float(tf.reduce_mean(tc_of(batch))) == pytest.approx(whole["total_correlation"], abs=0.1)


def test_posteriors_of_half_precision():
    rng = np.random.default_rng(0)
    mean, log_var = (300 * rng.normal(size=(2, 30, 2))).astype(np.float16)
    log_var = -np.abs(log_var) / 100
    wide = dataset_aggregate_posterior(mean.astype(np.float32), log_var.astype(np.float32))
    np.testing.assert_array_equal(dataset_aggregate_posterior(mean, log_var).joint, wide.joint)


@pytest.mark.parametrize(
    "mean, log_var, words",
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), r"same shape \[n, d\]. Received \[3, 2\] and \[3, 1\]"),
        (np.zeros(3), np.zeros(3), r"same shape \[n, d\]. Received \[3\] and \[3\]"),
        (np.full((3, 2), 1e300), np.zeros((3, 2)), "`mean` must be finite in float32. Received 6"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "`log_var` must be finite in float32. Received 6"),
        (np.zeros((3, 2)), np.zeros((3, 2)), "Received 3 rows, dataset_size=2"),
    ],
)
def test_errors(mean, log_var, words):
    with pytest.raises(ValueError, match=words):
        dataset_aggregate_posterior(mean, log_var, dataset_size=2)
