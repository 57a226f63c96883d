"""Correlated and constrained factors."""

import dataclasses

import numpy as np
import pytest

from vaezoo.data import FactorGrid, FactorTable, constrained, correlated, from_arrays

GRID = FactorGrid(("a", "b", "c"), (5, 9, 4))
ALL = GRID.classes(np.arange(GRID.size))


@pytest.fixture(scope="module")
def data():
    """Image n is filled with n."""
    images = np.broadcast_to(np.arange(180, dtype=np.uint8)[:, None, None], (180, 2, 2))
    return from_arrays(images, np.arange(180) % 7, name="grid", factors=GRID)


def drawn(data, steps=100, **options):
    batches = data.batches(100, seed=0, steps=steps, **options).as_numpy_iterator()
    return np.rint(255 * np.concatenate([batch[:, 0, 0, 0] for batch in batches])).astype(int)


def test_factors_are_drawn_with_the_published_density(data):
    sigma = 0.2
    counts = np.bincount(drawn(correlated(data, {("a", "b"): sigma})), minlength=180)
    a, b = ALL[:, 0] / 4, ALL[:, 1] / 8
    p = np.exp(-((a - b) ** 2) / (2 * sigma**2))
    p /= p.sum()
    n = counts.sum()
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p) + 1).all()
    classes = ALL[np.repeat(np.arange(180), counts)]
    assert np.corrcoef(classes[:, 0], classes[:, 1])[0, 1] > 0.7
    assert abs(np.corrcoef(classes[:, 0], classes[:, 2])[0, 1]) < 0.05


def test_two_pairs_multiply_and_a_weak_correlation_is_none(data):
    both = correlated(data, {("a", "b"): 0.3, ("b", "c"): 0.5})
    one_by_one = correlated(correlated(data, {("a", "b"): 0.3}), {("b", "c"): 0.5})
    np.testing.assert_allclose(both.weights, one_by_one.weights)
    np.testing.assert_allclose(correlated(data, {(0, 1): 1e6}).weights, 1)
    assert "correlated a~b: 0.3, b~c: 0.5" in both.origin


def test_an_impossible_image_is_never_drawn(data):
    weights = np.zeros(180)
    weights[[3, 90]] = 1, 3
    numbers = drawn(dataclasses.replace(data, weights=weights))
    assert set(numbers) == {3, 90} and abs((numbers == 90).mean() - 0.75) < 0.03


def test_batches_resume_and_evaluation_has_all_images(data):
    skewed = correlated(data, {("a", "b"): 0.1})
    whole = drawn(skewed, 6).reshape(6, -1)
    np.testing.assert_array_equal(drawn(skewed, 2, start_step=3).reshape(2, -1), whole[3:5])
    assert not np.array_equal(whole[0], whole[1])
    np.testing.assert_array_equal(drawn(skewed, 2, shuffle=False), np.arange(180))
    assert skewed.size == 180 and skewed.factors is GRID
    assert len({data.digest, skewed.digest, correlated(data, {("a", "b"): 0.2}).digest}) == 3
    with pytest.raises(ValueError, match="Received: 'grid', whose combinations are correlated"):
        skewed.pairs(4, seed=0)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({}, "at least one pair"),
        ({("a", "d"): 0.1}, "Unknown factor 'd'. Choose from: a, b, c"),
        ({("a", "a"): 0.1}, "two different factors"),
        ({"ab": 0.1}, "Expected pairs of factors"),
        ({("a", "b"): 0}, "a positive sigma of the pair .* Received: 0"),
        ({("a", "b"): "0.1"}, "a positive sigma"),
        ({("a", "b"): float("nan")}, "a positive sigma"),
    ],
)
def test_impossible_correlations(data, pairs, message):
    with pytest.raises(ValueError, match=message):
        correlated(data, pairs)


def test_constraints_drop_what_meets_all_their_conditions(data):
    less = constrained(data, drop=[{"a": 2, "b": range(4, 9)}, {"c": [0, 3], 0: 1}])
    a, b, c = ALL.T
    kept = np.flatnonzero(~(((a == 2) & (b >= 4)) | (np.isin(c, (0, 3)) & (a == 1))))
    assert less.size == len(kept) < 180 and isinstance(less.factors, FactorTable)
    np.testing.assert_array_equal(np.rint(255 * less.images(range(less.size))[:, 0, 0, 0]), kept)
    np.testing.assert_array_equal(less.factors.classes(range(less.size)), ALL[kept])
    np.testing.assert_array_equal(less.labels, kept % 7)
    assert set(drawn(less)) == set(kept)
    assert f"{len(kept)} of 180 images" in less.origin and less.digest != data.digest


def test_holes(data):
    first, again, other = (constrained(data, holes=0.25, seed=s) for s in (0, 0, 1))
    assert first.size == 135 and first.digest == again.digest != other.digest
    twice = constrained(first, holes=0.2, seed=0)
    assert twice.size == 108
    images = np.rint(255 * twice.images(range(108))[:, 0, 0, 0]).astype(int)
    np.testing.assert_array_equal(twice.factors.classes(range(108)), ALL[images])


def test_a_constrained_set_can_be_correlated_and_the_other_way_round(data):
    one = correlated(constrained(data, drop=[{"a": 0}]), {("b", "c"): 0.3})
    other = constrained(correlated(data, {("b", "c"): 0.3}), drop=[{"a": 0}])
    np.testing.assert_allclose(one.weights, other.weights)
    np.testing.assert_array_equal(drawn(one, 3), drawn(other, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "drop some images of 'grid' and not all. Received: 0 of 180"),
        ({"drop": [{"a": range(5)}]}, "Received: 180 of 180 dropped"),
        ({"drop": [{}]}, "an empty one"),
        ({"drop": [{"a": 5}]}, r"classes of 'a' in 0 \.\.\. 4. Received: \[5\]"),
        ({"drop": [{"a": 0.5}]}, "classes of 'a'"),
        ({"drop": [{"d": 1}]}, "Unknown factor 'd'"),
        ({"holes": 0.1}, "with a `seed`"),
        ({"holes": 1.0, "seed": 0}, r"`holes` in \[0, 1\)"),
    ],
)
def test_impossible_constraints(data, options, message):
    with pytest.raises(ValueError, match=message):
        constrained(data, **options)


def test_sets_without_factors():
    plain = from_arrays(np.zeros((4, 2, 2), bool), name="plain")
    with pytest.raises(ValueError, match="with ground-truth factors. Received: 'plain'"):
        correlated(plain, {("a", "b"): 0.1})
    with pytest.raises(ValueError, match="with ground-truth factors"):
        constrained(plain, drop=[{"a": 0}])
