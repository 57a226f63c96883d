import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaezoo.metrics import mig
from vaezoo.metrics.mig import gap


def score(codes, factors, **options):
    return mig(codes, factors, num_train=None, **options)["mig"]


def test_the_gap_is_that_of_the_two_best_latents_of_each_factor():
    # Columns are factors: of factor 0 the best two are 3 and 1, of factor 1 they are 4 and 4.
    information = np.array([[3.0, 4.0], [1.0, 4.0], [0.5, 0.0]])
    np.testing.assert_allclose(gap(information, np.array([4.0, 5.0])), [0.5, 0.0])
    np.testing.assert_allclose(gap(information[:1], np.array([4.0, 5.0])), [0.75, 0.8])


def test_known_codes(codes, factors):
    assert score(codes["perfect"], factors) == pytest.approx(1, abs=1e-12)
    assert score(codes["permuted"], factors) == pytest.approx(1, abs=1e-12)
    assert score(codes["padded"], factors) == pytest.approx(1, abs=1e-12)
    assert score(codes["duplicated"], factors) == pytest.approx(0, abs=1e-12)
    assert score(codes["constant"], factors) == 0
    assert score(codes["useless"], factors) < 0.05
    assert score(codes["rotated"], factors) < 0.1


def test_more_latents_than_factors_and_fewer(codes, factors):
    """A transposed information matrix would score these otherwise."""
    assert score(codes["padded"], factors[:, :2]) == pytest.approx(1, abs=1e-12)
    assert score(codes["perfect"][:, :2], factors) == pytest.approx(0.5, abs=1e-12)
    assert score(codes["perfect"][:, 2:3], factors[:, 2:3]) == pytest.approx(1, abs=1e-12)


def test_dsprites_factors_score_what_20_bins_leave_of_them(dsprites):
    """20 bins halve 40 orientations exactly, and join 24 of 32 positions in pairs; more than that they cannot see."""
    received = score(dsprites.factors, dsprites.factors)
    orientation = np.log(20) / np.log(40)
    position = 1 - (24 / 32) * np.log(2) / np.log(32)
    assert received == pytest.approx((1 + 1 + orientation + 2 * position) / 5, abs=1e-12)
    assert score(dsprites.factors, dsprites.factors, discrete=range(5)) == pytest.approx(1, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(120, 2))
    codes = factors @ rng.normal(size=(2, 4)) + 0.3 * rng.normal(size=(120, 4))
    expected = score(codes, factors)
    rows, latents = rng.permutation(120), rng.permutation(4)
    assert score(codes[rows], factors[rows]) == pytest.approx(expected, abs=1e-12)
    assert score(codes[:, latents], factors) == pytest.approx(expected, abs=1e-12)
    assert score(codes, factors[:, ::-1]) == pytest.approx(expected, abs=1e-12)
    # Powers of 2 are exact in floats: no code crosses the edge of its bin by rounding.
    assert score(codes * [2, 0.25, 8, 1], factors) == pytest.approx(expected, abs=1e-12)
    assert score(codes, factors * 7 - 3) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_discrete_codes_keep_their_score_under_any_relabelling(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(4, size=(100, 2))
    codes = (factors[:, [0, 1, 0]] + (rng.random((100, 3)) < 0.2)) % 5
    names = rng.permutation(5) ** 3
    exact = {"discrete": [0, 1, 2]}
    assert score(names[codes], factors, **exact) == pytest.approx(score(codes, factors, **exact), abs=1e-12)


def test_seed_and_number_of_rows(codes, factors):
    z = codes["rotated"]
    assert mig(z, factors, num_train=300, seed=3) == mig(z, factors, num_train=300, seed=3)
    assert mig(z, factors, num_train=300, seed=3) != mig(z, factors, num_train=300, seed=4)
    received = mig(z, factors)["mig"]
    assert received == pytest.approx(score(z, factors), abs=1e-12)
