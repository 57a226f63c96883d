import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from vaezoo.metrics.information import entropy
from vaezoo.metrics.partial_information import bounds, leave_one_out, log_posteriors, partial_information

BITS = np.stack(np.unravel_index(np.arange(8), (2, 2, 2)), axis=1)  # every row of three bits
LOG2 = np.log(2)


def exact(codes, factors, **options):
    """Of codes 40 standard deviations apart: an exact sum over all rows."""
    log_var = np.full(np.shape(codes), 2 * np.log(1 / 40))
    received = partial_information(codes, log_var, factors, num_samples=None, **options)
    return {name: value / LOG2 for name, value in received.items()}  # bits


def assert_bits(received, d, k, *, unique=(0, 0), redundant=(0, 0), synergistic=(0, 0)):
    for name, (lower, upper) in {"unique": unique, "redundant": redundant, "synergistic": synergistic}.items():
        values = received[f"{name}_lower"][d, k], received[f"{name}_upper"][d, k]
        assert values == pytest.approx((lower, upper), abs=1e-9), name


def test_a_copy_is_unique():
    received = exact(BITS[:, [1, 0]], BITS[:, :2])
    assert received["unique_lower"].shape == (2, 2)
    for d, k in ((0, 1), (1, 0)):
        assert_bits(received, d, k, unique=(1, 1))
    for d, k in ((0, 0), (1, 1)):
        assert_bits(received, d, k)


def test_an_exclusive_or_is_synergistic():
    a, b, c = BITS.T
    received = exact(BITS[:, :2], np.stack([a ^ b, c], axis=1))
    for d in (0, 1):
        assert_bits(received, d, 0, synergistic=(1, 1))
        assert_bits(received, d, 1)  # neither has the other factor
    three = exact(BITS, (a ^ b ^ c)[:, None])
    for d in (0, 1, 2):
        assert_bits(three, d, 0, synergistic=(1, 1))


def test_copies_are_redundant():
    received = exact(np.concatenate([BITS, BITS[:, :1] * -3.0], axis=1), BITS)
    for d in (0, 3):
        assert_bits(received, d, 0, redundant=(1, 1))
    for d in (1, 2):
        assert_bits(received, d, d, unique=(1, 1))


def test_a_conjunction_leaves_an_interval():
    """I(ab; a) = I(ab; b) = H(1/4) - 1/2 bits of H(1/4): definitions of redundancy differ on this one."""
    H = entropy(np.array([0.25, 0.75])) / LOG2
    received = exact(BITS[:, :2], (BITS[:, 0] & BITS[:, 1])[:, None])
    one = H - 0.5
    assert_bits(
        received,
        0,
        0,
        unique=(0, one),
        redundant=(2 * one - H if 2 * one > H else 0, one),
        synergistic=(H - 2 * one, 0.5),
    )


def test_noisy_copies_of_a_number_are_their_closed_form():
    """Two latents v + N(0, s²) of quantiles v of a normal: I(v; z_d) = ½ log(1 + 1/s²), I(v; z) = ½ log(1 + 2/s²)."""
    values, s = 500, 0.5
    v = np.arange(values)[:, None]
    mean = norm.ppf((v + 0.5) / values)
    mean /= mean.std()
    received = partial_information(np.repeat(mean, 2, axis=1), np.full((values, 2), 2 * np.log(s)), v, num_samples=None)
    own, both = 0.5 * np.log(1 + np.array([1, 2]) / s**2)
    bar = 4 * 1.0 / np.sqrt(values)  # log q(v | z) has a standard deviation below 1 nat
    assert received["redundant_upper"].ravel() == pytest.approx([own, own], abs=bar)
    assert received["redundant_lower"].ravel() == pytest.approx([2 * own - both] * 2, abs=2 * bar)
    assert received["synergistic_upper"].ravel() == pytest.approx([both - own] * 2, abs=bar)
    assert received["unique_lower"].max() < bar and received["synergistic_lower"].max() == 0


@pytest.mark.parametrize("chunk", [7, 4096])
def test_posteriors_of_the_factors_are_those_of_all_pairs(chunk, monkeypatch):
    """By logarithms of densities of every pair of rows, with a categorical latent."""
    monkeypatch.setattr(sys.modules["vaezoo.metrics.partial_information"], "CHUNK", chunk)
    rng = np.random.default_rng(0)
    factors = rng.integers([3, 2], size=(40, 2))
    mean, log_var = rng.normal(size=(40, 3)), rng.normal(-2, 1, size=(40, 3))
    q = rng.dirichlet(np.ones(4), size=40)
    log_q, H = log_posteriors(mean, log_var, factors, seed=3, num_samples=None, probabilities=[q], progress=False)
    np.testing.assert_allclose(H, [entropy(np.bincount(v) / 40) for v in factors.T])
    again = np.random.default_rng(3)
    sd = np.exp(log_var / 2)
    z = mean + sd * again.standard_normal((40, 3))
    y = np.array([np.searchsorted(np.cumsum(q_i), u, side="right") for q_i, u in zip(q, again.random(40), strict=True)])
    log_p = norm.logpdf(z[:, None], mean, sd)  # [i, j, d]
    log_p = np.concatenate([log_p, np.log(q[:, y].T)[..., None]], axis=-1)
    together = log_p.sum(axis=-1, keepdims=True)
    sets = np.concatenate([log_p, together - log_p, together], axis=-1)
    same = (factors[:, None] == factors).transpose(2, 0, 1)[..., None]  # [F, i, j, 1]
    expected = logsumexp(np.broadcast_to(sets, (2, *sets.shape)), axis=2, b=same) - logsumexp(sets, axis=1)
    np.testing.assert_allclose(log_q, expected.transpose(1, 2, 0), rtol=1e-5, atol=1e-6)


def test_categorical_latents_follow_the_gaussian_ones():
    """q(y | x) is 0.9 on the bit: I = log 2 - H(0.9, 0.1); a useless Gaussian latent adds none."""
    v = np.tile(BITS, (500, 1))
    q = np.where(v[:, 1:2] == [0, 1], 0.9, 0.1)
    received = partial_information(np.zeros((4000, 1)), np.zeros((4000, 1)), v, probabilities=[q], num_samples=4000)
    expected = LOG2 - entropy(np.array([0.9, 0.1]))
    bar = 4 * 0.9 * 0.5 * np.log(9) / np.sqrt(4000)
    assert received["unique_lower"].shape == (2, 3)
    assert received["unique_lower"][1] == pytest.approx([0, expected, 0], abs=bar)
    assert received["unique_upper"][0] == pytest.approx([0, 0, 0], abs=1e-9)


def test_codes_without_noise_and_of_any_scale():
    for scale in (1e-300, 1e-100, 1.0, 1e150):
        received = partial_information(scale * BITS, np.full(BITS.shape, -1500.0), BITS, num_samples=None)
        expected = np.eye(3) * (LOG2 if scale >= 1e-100 else 0)
        np.testing.assert_allclose(received["unique_lower"], expected, atol=1e-12)
    narrow, wide = np.full(BITS.shape, -40.0), np.full(BITS.shape, -40.0)
    wide[::2] = 40.0  # deviations of 1e-9 and 5e8: the wide ones know nothing, the narrow ones all
    assert np.isfinite(partial_information(BITS, wide, BITS)["unique_lower"]).all()
    np.testing.assert_allclose(partial_information(BITS, narrow, BITS)["unique_lower"], LOG2 * np.eye(3), atol=1e-12)
    with pytest.raises(ValueError, match="`log_var` must be a variance's within float64. Received up to 1500"):
        partial_information(BITS, -narrow * 37.5, BITS)


def test_products_without_each_row():
    p = np.random.default_rng(0).random((4, 6))
    filled = np.concatenate([p, np.full((5, 6), np.nan)])
    leave_one_out(filled)
    np.testing.assert_array_equal(filled[:4], p)
    np.testing.assert_allclose(filled[4:8], [np.prod(np.delete(p, d, axis=0), axis=0) for d in range(4)])
    np.testing.assert_allclose(filled[8], p.prod(axis=0))
    leave_one_out(one := np.concatenate([p[:1], np.full((2, 6), np.nan)]))
    np.testing.assert_array_equal(one, [p[0], np.ones(6), p[0]])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_bounds_are_those_of_the_decompositions(seed):
    """Every R between its bounds leaves terms that are not negative and within theirs; one beyond does not."""
    rng = np.random.default_rng(seed)
    own, others = rng.random((2, 3, 2))
    whole = np.maximum(own, others).max(axis=0) + rng.random(2)
    b = bounds(np.concatenate([own, others, whole[None]]))
    for share in (0, 0.3, 1):
        R = b["redundant_lower"] + share * (b["redundant_upper"] - b["redundant_lower"])
        terms = {"unique": own - R, "others": others - R, "synergistic": whole - own - others + R}
        assert all((term >= -1e-12).all() for term in terms.values())
        for name in ("unique", "synergistic"):
            assert (terms[name] >= b[f"{name}_lower"] - 1e-12).all()
            assert (terms[name] <= b[f"{name}_upper"] + 1e-12).all()
    for R in (b["redundant_lower"] - 0.01, b["redundant_upper"] + 0.01):
        assert (np.minimum.reduce([R, own - R, others - R, whole - own - others + R]) < 0).all()


def test_errors_of_estimates_do_not_cross_the_bounds():
    """Information of one latent beyond that of all, and below 0."""
    b = bounds(np.array([[0.5], [0.1], [-0.01], [0.4], [0.45]]))
    for name in ("unique", "redundant", "synergistic"):
        assert (b[f"{name}_lower"] >= 0).all() and (b[f"{name}_lower"] <= b[f"{name}_upper"] + 1e-15).all()
    assert b["unique_upper"].ravel() == pytest.approx([0.45, 0.05])
