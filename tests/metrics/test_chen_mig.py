import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from vaezoo.metrics import chen_mig


def score(mean, log_var, factors, **options):
    return chen_mig(mean, log_var, factors, num_train=None, **options)["chen_mig"]


def test_known_codes(codes, factors):
    narrow = np.full(factors.shape, 2 * np.log(0.02))
    assert score(codes["perfect"], narrow, factors) == pytest.approx(1, abs=1e-9)
    assert score(codes["permuted"], narrow + 2 * np.log([2.0, 1, 0.5, 3]), factors) == pytest.approx(1, abs=1e-9)
    assert score(codes["constant"], narrow, factors) == pytest.approx(0, abs=1e-9)
    assert score(codes["rotated"], narrow, factors) < 0.3
    doubled = np.concatenate([narrow, narrow], axis=1)
    assert score(codes["duplicated"], doubled, factors) == pytest.approx(0, abs=1e-9)


def test_information_of_one_gaussian_code_is_its_closed_form():
    """v: quantiles of a normal mean; z = mean + noise, so I(z; v) -> I(z; mean) = ½ log(1 + Var mean / sd²)."""
    values, repeats = 400, 3
    mean = np.repeat(norm.ppf((np.arange(values) + 0.5) / values), repeats)[:, None]
    factors = np.repeat(np.arange(values), repeats)[:, None]
    for sd in (0.3, 1.0):
        received = score(mean, np.full_like(mean, 2 * np.log(sd)), factors) * np.log(values)
        assert received == pytest.approx(0.5 * np.log(1 + mean.var() / sd**2), abs=2e-3)


def test_agrees_with_the_papers_monte_carlo_within_its_error():
    rng = np.random.default_rng(0)
    factors = np.stack(np.unravel_index(np.arange(12), (3, 4)), axis=1).repeat(5, axis=0)
    mean = factors @ rng.normal(size=(2, 3)) + 0.1 * rng.normal(size=(60, 3))
    sd = rng.uniform(0.05, 0.5, size=(60, 3))
    n, samples = len(mean), 4000
    information, error = np.empty((3, 2)), np.empty((3, 2))
    for j in range(3):
        rows = rng.integers(n, size=samples)
        z = rng.normal(mean[rows, j], sd[rows, j])
        log_q = norm.logpdf(z[:, None], mean[:, j], sd[:, j])  # [samples, N]
        for k in range(2):
            same = factors[rows, k][:, None] == factors[:, k]
            log_q_v = logsumexp(log_q, b=same / same.sum(axis=1, keepdims=True), axis=1)
            ratio = log_q_v - logsumexp(log_q, axis=1) + np.log(n)
            information[j, k], error[j, k] = ratio.mean(), ratio.std() / np.sqrt(samples)
    second, first = np.sort(information, axis=0)[-2:]
    expected = np.mean((first - second) / np.log([3, 4]))
    bar = np.sqrt(2) * error.max() / np.log(3)
    received = score(mean, 2 * np.log(sd), factors)
    assert 0.05 < received < 0.95 and bar < 0.02
    assert received == pytest.approx(expected, abs=4 * bar)


def test_a_categorical_latent_is_an_exact_sum(codes, factors):
    """q(y|x) is 0.9 on the first factor's value, 0.05 on each other: I(y; v) = log 3 - H(0.9, 0.05, 0.05)."""
    q = np.where(factors[:, :1] == np.arange(3), 0.9, 0.05)
    wide = np.zeros((len(factors), 1))
    noise = -(0.9 * np.log(0.9) + 0.1 * np.log(0.05))
    received = score(wide, wide, factors[:, :1], probabilities=[q])
    assert received == pytest.approx(1 - noise / np.log(3), abs=1e-9)
    with pytest.raises(ValueError, match="sum to 1"):
        score(wide, wide, factors[:, :1], probabilities=[2 * q])


def test_posteriors_without_noise_are_defined(codes, factors):
    for log_var in (-40.0, -2000.0):
        narrow = np.full(factors.shape, log_var)
        assert score(codes["perfect"], narrow, factors) == pytest.approx(1, abs=1e-6)
        assert score(codes["constant"], narrow, factors) == pytest.approx(0, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(60, 2))
    mean = factors @ rng.normal(size=(2, 3)) + 0.1 * rng.normal(size=(60, 3))
    log_var = rng.uniform(-4, 0, size=(60, 3))
    expected = score(mean, log_var, factors)
    rows, latents, scale = rng.permutation(60), rng.permutation(3), rng.uniform(0.1, 10, size=3)
    assert score(mean[rows], log_var[rows], factors[rows]) == pytest.approx(expected, abs=1e-9)
    assert score(mean[:, latents], log_var[:, latents], factors) == pytest.approx(expected, abs=1e-9)
    assert score(-mean * scale + 5, log_var + 2 * np.log(scale), factors) == pytest.approx(expected, abs=1e-6)


def test_shapes_must_agree(codes, factors):
    with pytest.raises(ValueError, match=r"same shape. Received \[768, 4\] and \[768, 3\]"):
        chen_mig(codes["perfect"], codes["perfect"][:, :3], factors)


def test_dsprites_factors(dsprites):
    """1 on a full grid of some of their values; of random rows, less what other factors tell by chance."""
    f = dsprites.factors
    grid = f[(f[:, 2] % 8 == 0) & (f[:, 3] % 8 == 0) & (f[:, 4] % 8 == 0)]
    assert len(grid) == 3 * 6 * 5 * 4 * 4
    quiet = np.full(grid.shape, -6.0)
    assert chen_mig(grid, quiet, grid, num_train=None)["chen_mig"] == pytest.approx(1, abs=0.005)
    received = chen_mig(f, np.full(f.shape, -6.0), f, num_train=2000, resolution=1024)["chen_mig"]
    assert 0.8 < received < 0.97
