"""Factors that are given image by image."""

import numpy as np
import pytest

from vaezoo.data import FactorGrid, FactorTable, from_arrays
from vaezoo.data.factor_table import grid_or_table

GRID = FactorGrid(("a", "b", "c"), (2, 3, 4), ((5, 6), (0.0, 0.5, 1.0), range(4)))
ALL = GRID.classes(np.arange(GRID.size))
IMAGES = np.arange(24, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)


def table(classes):
    return FactorTable(GRID.names, GRID.sizes, classes, GRID.values)


def test_rows_are_found_in_any_order():
    order = np.random.default_rng(0).permutation(24)
    shuffled = table(ALL[order])
    assert shuffled.complete and shuffled.size == 24
    np.testing.assert_array_equal(shuffled.classes([3, 5]), ALL[order[[3, 5]]])
    np.testing.assert_array_equal(order[shuffled.indices(ALL)], np.arange(24))
    np.testing.assert_array_equal(shuffled.real([[1, 2, 3]]), [[6, 1.0, 3]])


def test_missing_and_repeated_combinations():
    some = table(ALL[[4, 7, 4]])
    assert not some.complete
    np.testing.assert_array_equal(some.indices(ALL[[7, 4]]), [1, 0])
    with pytest.raises(ValueError, match="Expected combinations that have an image. Received: a=0, b=0, c=1"):
        some.indices(ALL[[4, 1]])
    with pytest.raises(ValueError, match=r"Expected indices in 0 \.\.\. 2. Received: 1 \.\.\. 3"):
        some.classes([1, 3])


def test_sampling_is_uniform_over_the_images_with_the_fixed_factors():
    some = table(ALL[[0, 1, 1, 5, 12, 13]])
    drawn = some.indices(some.sample(6000, seed=0, fixed={"a": 0}))
    counts = np.bincount(drawn, minlength=6)
    assert set(np.flatnonzero(counts)) == {0, 1, 3}  # combination 1 has two images, of which the first is returned
    np.testing.assert_allclose(counts[[0, 1, 3]] / 6000, [1 / 4, 1 / 2, 1 / 4], atol=0.03)
    each = some.sample(4, seed=1, fixed={"a": [0, 1, 0, 1], "b": 0})
    np.testing.assert_array_equal(each[:, :2], [[0, 0], [1, 0], [0, 0], [1, 0]])
    np.testing.assert_array_equal(some.sample(9, seed=3), some.sample(9, seed=3))
    with pytest.raises(ValueError, match="Expected classes that an image has. Received: c=3"):
        some.sample(2, seed=0, fixed={"c": 3})
    with pytest.raises(ValueError, match="`seed`"):
        some.sample(2, seed=None)


def test_a_whole_grid_in_order_is_a_grid():
    assert isinstance(grid_or_table(GRID.names, GRID.sizes, ALL), FactorGrid)
    for other in (ALL[::-1], ALL[:-1], np.concatenate([ALL[:-1], ALL[:1]])):
        assert isinstance(grid_or_table(GRID.names, GRID.sizes, other), FactorTable)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([[0, 0, 4]], "from 0 to below the sizes"),
        ([[0, 0]], "Expected integer classes"),
        (np.zeros((0, 3), int), "at least one image"),
        ([0, 0, 0], r"\[N, F\]. Received: shape \(3,\)"),
    ],
)
def test_impossible_tables(classes, message):
    with pytest.raises(ValueError, match=message):
        table(classes)


def test_more_combinations_than_numbers():
    with pytest.raises(ValueError, match=r"at most 2\^62 combinations"):
        FactorTable([f"f{k}" for k in range(7)], [1000] * 7, np.zeros((1, 7), int))


# from_arrays


def test_factors_of_arrays_in_the_order_of_a_grid():
    values = GRID.real(ALL)
    data = from_arrays(IMAGES, factors=values, factor_names=GRID.names)
    assert isinstance(data.factors, FactorGrid) and data.factors.names == ("a", "b", "c")
    np.testing.assert_array_equal(data.factors.real(data.factors.classes(range(24))), values)
    assert from_arrays(IMAGES, factors=ALL).factors.names == ("factor_0", "factor_1", "factor_2")
    assert from_arrays(IMAGES, factors=GRID).factors is GRID


def test_factors_of_arrays_in_another_order():
    data = from_arrays(IMAGES[::-1], factors=GRID.real(ALL)[::-1], factor_names=GRID.names)
    assert isinstance(data.factors, FactorTable) and data.factors.complete
    images = data.images(data.factors.indices(ALL))
    np.testing.assert_array_equal(np.rint(255 * images[:, 0, 0, 0]), np.arange(24))


def test_names_as_classes():
    data = from_arrays(IMAGES[:3], factors=[["red"], ["blue"], ["red"]], factor_names=["colour"])
    np.testing.assert_array_equal(data.factors.classes(range(3))[:, 0], [1, 0, 1])


@pytest.mark.parametrize(
    ("factors", "names", "message"),
    [
        (ALL[:-1], None, r"to be \[24, F\], one row for each image. Received: int64 of shape \(23, 3\)"),
        (ALL[:, 0], None, r"shape \(24,\)"),
        (ALL.astype(object), None, "dtype object"),
        (np.where(ALL == 1, np.nan, ALL), None, "NaN or infinity"),
        (np.linspace(0, 1, 24)[:, None], ["angle"], "Received: angle with 24 different values in 24 rows. Bin it"),
        (ALL, ["a", "b"], "Expected 3 different `factor_names`"),
        (ALL, ["a", "b", "a"], "Expected 3 different `factor_names`"),
        (None, ["a"], "Expected `factors` of 'array' beside `factor_names`"),
        (FactorGrid(("a",), (5,)), None, "Expected `factors` of the 24 images"),
    ],
)
def test_impossible_factors(factors, names, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(IMAGES, factors=factors, factor_names=names)


# Pairs


def test_pairs_of_a_complete_table_share_all_factors_but_k():
    """Two images of every combination, in random order: each of them is drawn as often."""
    order = np.random.default_rng(0).permutation(48)
    classes = np.concatenate([ALL, ALL])[order]
    data = from_arrays(np.arange(48, dtype=np.uint8)[:, None, None].repeat(2, 1), factors=classes)
    pairs = [p.numpy()[:, 0, 0, 0] for batch in data.pairs(64, k=1, seed=0, steps=60) for p in batch]
    first, second = (np.rint(255 * np.concatenate(pairs[i::2])).astype(int) for i in (0, 1))
    assert ((classes[first] != classes[second]).sum(axis=1) <= 1).all()
    for drawn in (first, second):
        counts = np.bincount(drawn, minlength=48)
        assert np.abs(counts / len(drawn) - 1 / 48).max() < 6 * np.sqrt(1 / 48 / len(drawn))
    again = next(iter(data.pairs(64, k=1, seed=0, start_step=7, steps=1)))[1].numpy()[:, 0, 0, 0]
    np.testing.assert_array_equal(again, pairs[15])


def test_no_pairs_where_a_combination_is_missing():
    data = from_arrays(IMAGES[:-1], factors=ALL[:-1])
    with pytest.raises(ValueError, match="Received: 'array', whose combinations are not all there"):
        data.pairs(4, seed=0)
