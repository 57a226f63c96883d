"""Information of a posterior: against closed forms, quadrature and importance sampling."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats
from small import small_model

import vaezoo
from vaezoo import metrics
from vaezoo.metrics import aggregate, decomposition, likelihood_bounds, per_latent
from vaezoo.terms import aggregate_posterior, gaussian_kl
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
    result = decomposition(aggregate(mean, log_var, num_samples=2000))
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
    table = per_latent(mean, log_var, aggregate(mean, log_var, num_samples=2000))
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
    table = per_latent(mean, log_var, aggregate(mean, log_var, num_samples=4000))
    assert table["mi"][0] < table["mi_upper"][0] + 3 * table["mi_se"][0]
    assert table["mi_upper"][0] - table["mi_lower"][0] > 0.2


def test_densities_are_the_mixture_over_all_rows():
    rng = np.random.default_rng(2)
    mean, log_var = rng.normal(size=(2, 50, 2)).astype(np.float32)
    q = aggregate(mean, log_var, num_samples=10)
    z, sd = q.z.numpy(), np.exp(0.5 * log_var)
    components = stats.norm.pdf(z[:, None], mean[None], sd[None])  # [10, 50, 2]
    np.testing.assert_allclose(q.joint, np.log(components.prod(-1).mean(1)), rtol=1e-4)
    np.testing.assert_allclose(q.marginals, np.log(components.mean(1)), rtol=1e-4, atol=1e-5)


def test_the_chunks_of_rows_and_samples_do_not_show(monkeypatch):
    module = sys.modules["vaezoo.metrics.aggregate"]  # whose name is that of the function, too
    rng = np.random.default_rng(3)
    mean, log_var = rng.normal(size=(2, 50, 2)).astype(np.float32)
    whole = aggregate(mean, log_var, dataset_size=80)
    monkeypatch.setattr(module, "SAMPLES", 16)
    monkeypatch.setattr(module, "ROWS", 20)
    parts = aggregate(mean, log_var, dataset_size=80)
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
        q = aggregate(mean[rows], log_var[rows], dataset_size=40, seed=seed)
        exact = stats.norm.pdf(q.z.numpy(), mean[:, 0], np.exp(-1.0)).mean(1)
        ratios.append(np.exp(q.joint.numpy()) / exact)
    ratios = np.concatenate(ratios)
    assert abs(ratios.mean() - 1) < 0.03 and ratios.std() > 0.1


def test_agrees_with_the_minibatch_estimator(linear):
    _, mean, log_var = linear
    whole = decomposition(aggregate(mean, log_var, num_samples=1000))
    z = mean[:1000] + SCALE * np.random.default_rng(5).standard_normal((1000, 2), np.float32)
    batch = aggregate_posterior(z, mean[:1000], log_var[:1000], dataset_size=20_000, estimator="mss")
    assert float(tf.reduce_mean(tc_of(batch))) == pytest.approx(whole["total_correlation"], abs=0.1)


def kl_by_quadrature(m, s):
    def integrand(z):
        return stats.norm.pdf(z, m, s) * (stats.norm.logpdf(z, m, s) - stats.norm.logpdf(z))

    return integrate.quad(integrand, m - 9 * s, m + 9 * s)[0]


def test_kl_per_latent_is_summed_in_float64():
    rng = np.random.default_rng(6)
    mean, log_var = rng.normal(size=(2, 1000, 3)).astype(np.float32)
    expected = [
        np.mean([kl_by_quadrature(*at) for at in zip(mean[:5, k], np.exp(0.5 * log_var[:5, k]), strict=True)])
        for k in range(3)
    ]
    np.testing.assert_allclose(per_latent(mean[:5], log_var[:5])["kl"], expected, rtol=1e-5)
    np.testing.assert_allclose(per_latent(mean, log_var)["kl"], np.mean(gaussian_kl(mean, log_var), 0), rtol=1e-5)
    many = np.full((1000, 1), 0.1, np.float32)
    exact = 0.5 * float(many[0, 0]) ** 2
    assert per_latent(many, np.zeros_like(many))["kl"][0] == pytest.approx(exact, rel=1e-12)


def test_active_units_have_a_variance_above_a_hundredth():
    rng = np.random.default_rng(7)
    mean = rng.normal(size=(10_000, 4)) * np.sqrt([1.0, 0.02, 0.005, 0.0]) + [0, 5, 5, 5]
    assert metrics.active_units(mean) == {"active_units": 2}
    assert metrics.active_units(mean, threshold=0.001) == {"active_units": 3}


def test_class_information():
    sure, none = np.eye(4)[np.arange(80) % 4], np.full((80, 4), 0.25)
    half = np.where(np.arange(80)[:, None] % 2, np.array([0.9, 0.1]), np.array([0.1, 0.9]))
    result = metrics.class_information([sure, none, half])
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert list(result) == ["mi_y_0", "mi_y_1", "mi_y_2"]
    np.testing.assert_allclose(list(result.values()), [np.log(4), 0, np.log(2) - entropy], atol=1e-9)
    assert list(metrics.class_information([sure])) == ["mi_y"]
    with pytest.raises(ValueError, match="sum to 1"):
        metrics.class_information([sure * 2])


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
    monkeypatch.setattr(vaezoo.metrics.likelihood, "DECODED", 30)
    parts = likelihood_bounds(model, images, images=None, k=100)
    assert parts["iwae"] == pytest.approx(whole["iwae"], abs=0.15)
    assert parts["kl_z"] == pytest.approx(whole["kl_z"], rel=1e-5)


def test_errors(images):
    with pytest.raises(ValueError, match="must have the same shape"):
        aggregate(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="Received 3 rows, dataset_size=2"):
        aggregate(np.zeros((3, 2)), np.zeros((3, 2)), dataset_size=2)
    with pytest.raises(ValueError, match="needs a model of the zoo"):
        likelihood_bounds(object(), images)
    with pytest.raises(ValueError, match="`k` must be at least 1"):
        likelihood_bounds(small_model("vae"), images, images=None, k=0)
