"""Unsupervised statistics of posteriors: against closed forms, quadrature and the terms of `vaezoo.terms`."""

import numpy as np
import pytest
from scipy import integrate, stats

from vaezoo import metrics
from vaezoo.metrics import per_latent
from vaezoo.terms import gaussian_kl, information_bounds, posterior_moments


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


def test_moments_and_bounds_are_those_of_the_terms():
    rng = np.random.default_rng(9)
    mean, log_var = rng.normal(size=(2, 1000, 3)).astype(np.float32)
    table = per_latent(mean, log_var)
    moments = posterior_moments(mean, log_var)
    expected = dict(zip(("var_mean", "mean_var"), moments, strict=False))
    expected |= dict(zip(("mi_lower", "mi_upper"), information_bounds(*moments), strict=True))
    for name, value in expected.items():
        np.testing.assert_allclose(table[name], value, rtol=1e-5, err_msg=name)


def test_information_is_the_mean_of_its_samples():
    rng = np.random.default_rng(10)
    samples = rng.normal(0.3, 0.5, size=(400, 2))
    table = per_latent(np.zeros((5, 2)), np.zeros((5, 2)), samples)
    np.testing.assert_allclose(table["mi"], samples.mean(axis=0))
    np.testing.assert_allclose(table["mi_se"], samples.std(axis=0, ddof=1) / 20)
    with pytest.raises(ValueError, match="must have the same shape"):
        per_latent(np.zeros((3, 2)), np.zeros((3, 1)))
