import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaezoo.metrics import irs
from vaezoo.metrics.irs import robustness


def score(codes, factors, **options):
    return irs(codes, factors, num_train=None, **options)["irs"]


def test_known_codes(codes, factors):
    for name in ("perfect", "permuted", "duplicated", "padded"):
        assert score(codes[name], factors) == pytest.approx(1, abs=1e-12), name
    assert score(codes["constant"], factors) == 0
    assert score(codes["useless"], factors) < 0.35
    assert score(codes["rotated"], factors, quantile=1.0) < 0.5


def test_by_hand():
    """Binary factors: z_0 = v_0 + 0.1 v_1 moves by 0.05 of 0.55 with v_0 held; z_1 = 10 v_1 not at all with v_1."""
    v = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    z = v @ np.array([[1.0, 0], [0.1, 10.0]])
    expected = (0.55 * (1 - 0.05 / 0.55) + 5 * 1) / 5.55
    matrix, w = robustness(z, v, 1.0)
    np.testing.assert_allclose(w, [0.55, 5])
    np.testing.assert_allclose(matrix, [[1 - 0.05 / 0.55, 1 - 0.5 / 0.55], [0, 1]], atol=1e-12)
    received = irs(z, v, quantile=1.0, bins=None, num_train=None, return_matrix=True)
    assert received["irs"] == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(received["irs_matrix"], matrix, atol=1e-12)


def test_dsprites_factors(dsprites):
    """Exact values: 1 by the definition. 20 bins join 2 of 40 orientations, and some of 32 positions, in one."""
    assert score(dsprites.factors, dsprites.factors, bins=None) == 1
    orientation, position = 1 - 0.5 / 19.5, 1 - (12 / 20) * 0.5 / 15.5
    weights = [1.0, 2.5, 19.5, 15.5, 15.5]
    expected = np.average([1, 1, orientation, position, position], weights=weights)
    assert score(dsprites.factors, dsprites.factors) == pytest.approx(expected, abs=1e-12)


def test_continuous_factors_are_binned(codes):
    y = np.random.default_rng(0).uniform(size=(2000, 2))
    assert score(y, y) > 0.9 > 0.6 > score(y @ [[1, 1], [1, -1]], y)
    with pytest.raises(ValueError, match="must be discrete"):
        score(y, y, bins=None)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(4, size=(80, 2))
    codes = factors @ rng.normal(size=(2, 3)) + 0.2 * rng.normal(size=(80, 3))
    expected = score(codes, factors)
    rows, latents = rng.permutation(80), rng.permutation(3)
    assert score(codes[rows], factors[rows]) == pytest.approx(expected, abs=1e-9)
    assert score(codes[:, latents], factors[:, ::-1]) == pytest.approx(expected, abs=1e-9)
    assert score(-3 * codes + [1, 2, 3], factors) == pytest.approx(
        expected, abs=1e-9
    )  # one scale for all: they are weights


def test_errors(codes, factors):
    with pytest.raises(ValueError, match=r"in \(0, 1\]. Received quantile=0"):
        irs(codes["perfect"], factors, quantile=0)
    with pytest.raises(ValueError, match="Factor 0 must take at least 2 values"):
        score(codes["perfect"], factors * [0, 1, 1, 1])
    with pytest.raises(ValueError, match="Factor 1 must take at least 2 values in the rows used. Received only 7.5"):
        score(codes["perfect"], factors * [1, 0, 1, 1] + 7.5)
    with pytest.raises(ValueError, match="`factors` must be real numbers. Received dtype <U"):
        score(codes["perfect"], factors.astype(str))


def test_the_matrix_is_that_of_the_score(codes, factors):
    received = irs(codes["padded"], factors, bootstrap=2, return_matrix=True)
    matrix = received["irs_matrix"]
    assert matrix.shape == (6, 4) and matrix.dtype == np.float64 and (matrix[4:] == 0).all()
    np.testing.assert_allclose(np.diag(matrix), 1)
    assert received["irs"] == pytest.approx(1) and "irs_matrix_low" not in received
    assert "irs_matrix" not in irs(codes["padded"], factors)
    constant = irs(codes["constant"], factors, return_matrix=True)
    assert constant["irs"] == 0 and (constant["irs_matrix"] == 0).all()


def test_one_factor(codes, factors):
    """z_2 is that factor, and z_3 moves as far with it held as without: (1 + 0) / 2."""
    assert score(codes["perfect"][:, [2]], factors[:, [2]]) == pytest.approx(1)
    assert score(codes["perfect"][:, 2:], factors[:, [2]]) == pytest.approx(0.5)


def test_by_brute_force():
    rng = np.random.default_rng(0)
    z, v = rng.normal(size=(200, 3)), rng.integers(4, size=(200, 2))
    total = weights = 0
    for d in range(3):
        w = max(abs(z[:, d] - z[:, d].mean()))
        moves = []
        for k in range(2):
            groups = [z[v[:, k] == value, d] for value in range(4)]
            moves.append(np.mean([max(abs(group - group.mean())) for group in groups]))
        total, weights = total + w * max(1 - move / w for move in moves), weights + w
    assert score(z, v, quantile=1.0, bins=None) == pytest.approx(total / weights)


def test_useless_codes_can_fall_below_zero():
    """A value's mean may lie further from an extreme than the mean of all does: 1.5 of w = 1 here."""
    v, z = np.repeat([[0], [1]], 4, axis=0), np.array([[-1.0], [-1], [-1], [1], [-1], [1], [1], [1]])
    assert score(z, v, quantile=1.0) == -0.5
