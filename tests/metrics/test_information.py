import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from vaezoo.metrics import equal_width_bins, mutual_information
from vaezoo.metrics.information import discrete_information, entropies

seeds = st.integers(0, 2**32 - 1)


def test_bins_are_those_of_a_histogram(codes):
    for name in ("perfect", "useless"):
        for z, x in zip(codes[name].T, equal_width_bins(codes[name], 7).T, strict=True):
            np.testing.assert_array_equal(np.bincount(x, minlength=7), np.histogram(z, 7)[0])


def test_a_constant_or_nearly_constant_column_is_binned():
    assert len(np.unique(equal_width_bins(np.full(10, 3.7)))) == 1
    ulp = np.nextafter(np.float32(1), np.float32(2))
    assert len(np.unique(equal_width_bins(np.array([1, ulp] * 5, np.float32)))) == 2


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(2, 30), st.integers(2, 9))
def test_information_is_that_of_scikit_learn(seed, levels, classes):
    rng = np.random.default_rng(seed)
    v = rng.integers(classes, size=(200, 2))
    x = (v[:, [0]] * rng.integers(0, 3, size=(200, 3)) + rng.integers(levels, size=(200, 3))) % levels
    expected = [[mutual_info_score(v_k, x_j) for v_k in v.T] for x_j in x.T]
    np.testing.assert_allclose(discrete_information(x, v), expected, atol=1e-12)
    np.testing.assert_allclose(entropies(v), [mutual_info_score(v_k, v_k) for v_k in v.T], atol=1e-12)


def test_information_of_the_perfect_code_is_the_entropy_of_each_factor(codes, factors):
    np.testing.assert_allclose(mutual_information(codes["perfect"], factors), np.diag(np.log([3, 4, 8, 8])), atol=1e-12)


def test_discrete_columns_are_counted_exactly():
    # 0, 1, 1000: equal-width bins join 0 and 1, exact counting does not.
    factors = np.repeat([[0], [1], [2]], 20, axis=0)
    codes = np.repeat([[0.0], [1.0], [1000.0]], 20, axis=0)
    H = lambda *p: -sum(q * np.log(q) for q in p)  # noqa: E731
    np.testing.assert_allclose(mutual_information(codes, factors), [[H(2 / 3, 1 / 3)]], rtol=1e-12)
    np.testing.assert_allclose(mutual_information(codes, factors, discrete=[0]), [[np.log(3)]], rtol=1e-12)
    np.testing.assert_allclose(mutual_information(codes, factors, discrete=[-1]), [[np.log(3)]], rtol=1e-12)


def test_independent_columns_have_no_information():
    """Rounding would leave up to 1e-15 nats; the least information that 10^6 rows can show is 8e-12."""
    for sizes in ((3, 7, 11), (5, 40, 32), (13, 29, 31)):
        grid = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)
        grid = np.concatenate([grid, np.full((len(grid), 1), 19)], axis=1)
        information = discrete_information(grid, grid[:, :3])
        assert (information[~np.eye(4, 3, dtype=bool)] == 0).all()
    x = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [250_001, 249_999, 249_999, 250_001], axis=0)
    assert discrete_information(x[:, :1], x[:, 1:]).item() == pytest.approx(8e-12, rel=0.01)


def test_bins_take_numbers_only():
    for wrong in ([1.0, np.nan], [[1.0], [np.inf]]):
        with pytest.raises(ValueError, match="`x` must be finite"):
            equal_width_bins(wrong)
    with pytest.raises(ValueError, match="`x` must be real numbers"):
        equal_width_bins(["a", "b"])


def test_bad_options(codes, factors):
    with pytest.raises(ValueError, match=r"0 ... 3. Received \[4\]"):
        mutual_information(codes["perfect"], factors, discrete=[1, 4])
    with pytest.raises(ValueError, match="at least 2. Received bins=1"):
        mutual_information(codes["perfect"], factors, bins=1)
