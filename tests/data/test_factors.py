import itertools

import numpy as np
import pytest

from vaezoo.data import FactorGrid

GRID = FactorGrid(("shape", "scale", "x"), (3, 2, 5), ((1, 2, 3), (0.5, 1), np.arange(5) / 4))


def test_classes_run_like_nested_loops():
    loops = list(itertools.product(range(3), range(2), range(5)))
    assert GRID.size == 30
    np.testing.assert_array_equal(GRID.classes(np.arange(30)), loops)
    np.testing.assert_array_equal(GRID.indices(loops), np.arange(30))


def test_round_trip_in_any_order():
    indices = np.random.default_rng(0).integers(30, size=200)
    np.testing.assert_array_equal(GRID.indices(GRID.classes(indices)), indices)


def test_values():
    np.testing.assert_array_equal(GRID.real([[2, 1, 3], [0, 0, 0]]), [[3, 1, 0.75], [1, 0.5, 0]])
    np.testing.assert_array_equal(FactorGrid(("a",), (4,)).real([[3]]), [[3]])


def test_sample_is_uniform_and_seeded():
    classes = GRID.sample(6000, seed=1)
    counts = np.bincount(GRID.indices(classes), minlength=30)
    # Binomial counts of mean 200 and standard deviation 14, within six standard deviations.
    assert counts.min() > 115 and counts.max() < 285
    np.testing.assert_array_equal(classes, GRID.sample(6000, seed=1))
    assert not np.array_equal(classes, GRID.sample(6000, seed=2))


def test_sample_from_a_generator_moves_on():
    rng = np.random.default_rng(0)
    assert not np.array_equal(GRID.sample(50, seed=rng), GRID.sample(50, seed=rng))


def test_sample_with_fixed_factors():
    each = np.arange(300) % 5
    classes = GRID.sample(300, seed=0, fixed={"shape": 2, 2: each})
    assert set(classes[:, 0]) == {2}
    assert set(classes[:, 1]) == {0, 1}
    np.testing.assert_array_equal(classes[:, 2], each)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GRID.sample(1, seed=0, fixed={"size": 1}), "Unknown factor 'size'. Choose from: shape, scale"),
        (lambda: GRID.sample(1, seed=0, fixed={3: 1}), "Unknown factor 3"),
        (lambda: GRID.sample(1, seed=0, fixed={"scale": 2}), "from 0 to below the sizes"),
        (lambda: GRID.sample(1, seed=None), "Expected `seed`"),
        (lambda: GRID.indices([[0, 0, 5]]), "from 0 to below the sizes"),
        (lambda: GRID.indices([[0, -1, 0]]), "from 0 to below the sizes"),
        (lambda: GRID.indices([[0, 0]]), r"Received: int64 of shape \(1, 2\)"),
        (lambda: GRID.real([[0.0, 0.0, 0.0]]), "Received: float64"),
        (lambda: GRID.classes([30]), "out of bounds"),
        (lambda: FactorGrid(("a", "a"), (2, 2)), "different names"),
        (lambda: FactorGrid(("a",), (0,)), "positive sizes"),
        (lambda: FactorGrid(("a", "b"), (2,)), "one size for each name"),
        (lambda: FactorGrid(("a",), (2,), ((1, 2, 3),)), "one value for each class"),
    ],
)
def test_impossible_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
