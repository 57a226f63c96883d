import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from vaezoo.metrics import udr
from vaezoo.metrics.udr import pair_score, similarity, standardise

ALL = {"num_train": None}


@pytest.mark.parametrize("correlation, ceiling", [("spearman", 1.0), ("lasso", 0.9)])
def test_known_codes(correlation, ceiling, codes, factors):
    """Seeds that find the same axes, in any order, sign and scale, agree; the lasso takes 0.1 off each weight."""
    agree = udr([codes["perfect"], codes["permuted"], codes["padded"]], correlation=correlation, **ALL)
    assert agree == pytest.approx(dict.fromkeys(["udr_0", "udr_1", "udr_2", "udr"], ceiling), abs=1e-6)
    for name in ("rotated", "useless"):
        assert udr([codes["perfect"], codes[name]], correlation=correlation, **ALL)["udr"] < 0.6, name
    assert udr([codes["constant"], codes["constant"]], correlation=correlation, **ALL)["udr"] == 0


def test_the_papers_equation_with_unequal_numbers_of_latents():
    """Two latents against one of which the first is a copy: (1 + 1/1 + 0) / (2 + 1)."""
    assert pair_score(np.array([[1.0], [0.0]])) == pytest.approx(2 / 3)
    R = np.array([[0.8, 0.2, 0.0], [0.1, 0.5, 0.4]])
    columns = 0.64 / 0.9 + 0.25 / 0.7 + 0.16 / 0.4
    rows = 0.64 / 1.0 + 0.25 / 1.0
    assert pair_score(R) == pytest.approx((columns + rows) / 5)
    assert pair_score(R.T) == pytest.approx((columns + rows) / 5)


def test_latents_of_low_kl_are_left_out(codes):
    z = np.concatenate([codes["perfect"], codes["useless"]], axis=1)
    kl = np.array([1.0] * 4 + [0.005] * 4)
    received = udr([z, z[:, ::-1]], kl=[kl, kl[::-1]], correlation="spearman", **ALL)
    assert received["udr"] == pytest.approx(1, abs=1e-6)
    noisy = z + 0.5 * np.random.default_rng(0).normal(size=z.shape)
    assert udr([z, noisy], correlation="spearman", **ALL)["udr"] < received["udr"]
    assert udr([z, z], kl=[0 * kl, 0 * kl], **ALL)["udr"] == 0


def test_the_score_of_a_model_is_the_median_over_the_others(codes):
    models = [codes["perfect"], codes["permuted"], codes["padded"], codes["useless"]]
    received = udr(models, correlation="spearman", **ALL)
    assert [received[f"udr_{i}"] for i in range(3)] == pytest.approx([1, 1, 1], abs=1e-6)
    assert received["udr_3"] < 0.2
    assert received["udr"] == pytest.approx((3 + received["udr_3"]) / 4, abs=1e-6)


def test_spearman_is_that_of_scipy(codes):
    a, b = np.round(codes["useless"], 1), codes["rotated"] ** 3
    expected = np.abs(spearmanr(a, b).statistic[:4, 4:])
    received = similarity(standardise(a, "spearman"), standardise(b, "spearman"), "spearman")
    np.testing.assert_allclose(received, expected, atol=1e-12)


def test_lasso_predicts_the_second_model_from_the_first():
    """R(a, b) = weight of a for b: b = (a_0 + a_1)/√2 takes 1/√2 - 0.1 of each, and R has the shape [D_i, D_j]."""
    a = np.random.default_rng(0).normal(size=(20_000, 3))
    b = ((a[:, 0] + a[:, 1]) / np.sqrt(2))[:, None]
    R = similarity(standardise(a, "lasso"), standardise(b, "lasso"), "lasso")
    assert R.shape == (3, 1)
    np.testing.assert_allclose(R[:, 0], [2**-0.5 - 0.1, 2**-0.5 - 0.1, 0], atol=0.02)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(100, 3))
    a, b = x @ rng.normal(size=(3, 3)), x @ rng.normal(size=(3, 4))
    expected = udr([a, b], correlation="spearman", **ALL)["udr"]
    rows, latents = rng.permutation(100), rng.permutation(4)
    assert udr([a[rows], b[rows]], correlation="spearman", **ALL)["udr"] == pytest.approx(expected)
    assert udr([a, np.exp(b)[:, latents]], correlation="spearman", **ALL)["udr"] == pytest.approx(expected)
    expected = udr([a, b], **ALL)["udr"]
    assert udr([a * [1, -20, 0.3], b[:, latents]], **ALL)["udr"] == pytest.approx(expected, abs=1e-3)


def test_errors(codes):
    z = codes["perfect"]
    with pytest.raises(ValueError, match=r"at least two arrays with the same N. Received \[\[768, 4\]\]"):
        udr([z])
    with pytest.raises(ValueError, match="same N"):
        udr([z, z[1:]])
    with pytest.raises(ValueError, match=r"one value per latent of each representation. Received \[\[3\], \[4\]\]"):
        udr([z, z], kl=[np.ones(3), np.ones(4)])
    with pytest.raises(ValueError, match="Unknown correlation 'pearson'. Choose from: lasso, spearman"):
        udr([z, z], correlation="pearson")
