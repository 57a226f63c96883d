from types import SimpleNamespace

import numpy as np
import pytest

from vaezoo.metrics.fixed_factor import FullGrid, MatchingRows


@pytest.fixture(params=["grid", "rows"])
def draws(request, grid, factors):
    return FullGrid(grid, factors) if request.param == "grid" else MatchingRows(factors)


def test_the_factor_is_shared_and_all_others_are_drawn_anew(draws, factors):
    rng = np.random.default_rng(0)
    for k in range(4):
        first = draws.anchors(k, 6000, rng)
        second = draws.sharing(first, k, rng)
        a, b = factors[first], factors[second]
        np.testing.assert_array_equal(a[:, k], b[:, k])
        for other, size in enumerate((3, 4, 8, 8)):
            if other != k:
                joint = np.bincount(a[:, other] * size + b[:, other], minlength=size**2) / 6000
                np.testing.assert_allclose(joint, 1 / size**2, atol=5 * np.sqrt(1 / size**2 / 6000))
        values = np.bincount(a[:, k]) / 6000
        np.testing.assert_allclose(values, 1 / len(values), atol=5 * np.sqrt(1 / len(values) / 6000))


def test_rows_without_a_partner_are_no_anchors():
    factors = np.array([[0, 0], [0, 1], [1, 0], [2, 1], [2, 0], [2, 1]])
    draws, rng = MatchingRows(factors), np.random.default_rng(0)
    assert set(draws.anchors(0, 200, rng)) == {0, 1, 3, 4, 5}
    assert set(draws.sharing(np.full(200, 3), 0, rng)) == {3, 4, 5}


def test_a_grid_that_does_not_fit(grid, factors):
    with pytest.raises(ValueError, match="leave `grid` out"):
        FullGrid(grid, factors[:-1])
    with pytest.raises(ValueError, match="Row i must have the factors of grid index i"):
        FullGrid(grid, factors[np.random.default_rng(0).permutation(len(factors))])
    with pytest.raises(ValueError, match="of 2 values or more"):
        FullGrid(SimpleNamespace(sizes=(1, 768)), factors[:, :2])
