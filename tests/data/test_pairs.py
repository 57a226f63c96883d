"""Pairs of images that share all factors but k; every image encodes its index."""

import dataclasses
import functools
import itertools

import numpy as np
import pytest
import tensorflow as tf

from vaezoo.data import FactorGrid, from_arrays, load

GRID = FactorGrid(("shape", "scale", "x", "y"), (3, 2, 5, 4))
B = 500


@pytest.fixture(scope="module")
def data():
    """Image n is filled with n."""
    images = np.broadcast_to(np.arange(GRID.size, dtype=np.uint8)[:, None, None], (GRID.size, 3, 2))
    return dataclasses.replace(from_arrays(images, name="grid"), factors=GRID)


def classes(batch):
    """The classes [B, d] of the images of a batch."""
    return GRID.classes(np.rint(255 * batch[:, 0, 0, 0]).astype(int))


def decoded(dataset):
    """The classes of x_1 and of x_2 of all pairs, each [n, d]."""
    return [
        np.concatenate(part) for part in zip(*(map(classes, pair) for pair in dataset.as_numpy_iterator()), strict=True)
    ]


def binomial(p, n):
    """Four standard errors of a share p of n draws."""
    return 4 * np.sqrt(p * (1 - p) / n)


def test_kind(data):
    pairs = data.pairs(8, seed=0)
    assert pairs.element_spec == (tf.TensorSpec((8, 3, 2, 1), tf.float32),) * 2
    assert pairs.cardinality() == GRID.size // 8 == len(list(pairs))
    assert data.pairs(B, seed=0).cardinality() == 1 and data.pairs(8, seed=0, steps=7).cardinality() == 7
    for x in next(iter(pairs)):
        np.testing.assert_array_equal(x, data.images(np.rint(255 * x[:, 0, 0, 0]).astype(int)))


def chances(k):
    """P(0, 1, ... d of the factors differ), where each of the k factors of size s differs with probability 1 - 1/s."""
    expected, subsets = np.zeros(len(GRID.sizes) + 1), list(itertools.combinations(GRID.sizes, k))
    for subset in subsets:
        p = functools.reduce(np.convolve, [[1 / size, 1 - 1 / size] for size in subset], np.ones(1))
        expected[: k + 1] += p / len(subsets)
    return expected


def check_numbers_of_differing_factors(first, second, expected):
    n, d = first.shape
    differing = d - np.count_nonzero(first == second, axis=1)
    for count, p in enumerate(expected):
        assert abs(np.mean(differing == count) - p) <= binomial(p, n)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_all_factors_but_k_are_shared(data, k):
    """No more than k differ, as often as the chance of drawing the same class leaves; all factors are chosen alike."""
    first, second = decoded(data.pairs(B, k=k, seed=0, steps=20))
    assert chances(k)[k + 1 :].sum() == 0
    check_numbers_of_differing_factors(first, second, chances(k))
    for column, size in enumerate(GRID.sizes):
        p = k / len(GRID.sizes) * (1 - 1 / size)
        assert abs(np.mean(first[:, column] != second[:, column]) - p) < binomial(p, len(first))


def test_an_unknown_k_is_uniform(data):
    first, second = decoded(data.pairs(B, seed=1, steps=20))
    check_numbers_of_differing_factors(first, second, np.mean([chances(k) for k in (1, 2, 3)], axis=0))


def test_both_images_are_uniform_over_the_grid(data):
    for drawn in decoded(data.pairs(B, k=2, seed=2, steps=40)):
        counts = np.bincount(GRID.indices(drawn), minlength=GRID.size)
        p = 1 / GRID.size
        assert np.abs(counts / len(drawn) - p).max() < 1.5 * binomial(p, len(drawn))


def test_every_pair_is_chosen_by_itself(data):
    """Within a batch, changed factors and new classes differ between pairs, and batches differ."""
    first, second = decoded(data.pairs(B, k=1, seed=3, steps=2))
    assert (first != second).any(axis=0).all() and (first == second).any(axis=0).all()
    assert not np.array_equal(first[:B], first[B:])


@pytest.mark.parametrize("start", [0, 1, 5, 2**52])
def test_batches_are_a_function_of_seed_and_step(data, start):
    several = list(data.pairs(8, seed=4, start_step=start, steps=6).as_numpy_iterator())
    for n, pair in enumerate(several):
        (alone,) = data.pairs(8, seed=4, start_step=start + n, steps=1).as_numpy_iterator()
        np.testing.assert_array_equal(alone, pair)
    assert len({np.asarray(pair).tobytes() for pair in several}) == 6


def test_seeds(data):
    streams = {np.asarray(next(iter(data.pairs(B, seed=s)))).tobytes() for s in (0, 1, -1, 2**32, 2**63 - 1, -(2**63))}
    assert len(streams) == 6


def test_packed_images():
    data = load("dsprites")
    first, second = next(data.pairs(64, k=4, seed=0, steps=1).as_numpy_iterator())
    assert first.shape == second.shape == (64, 64, 64, 1) and set(np.unique(first)) == {0, 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, r"`k` to be an integer in 1 \.\.\. 3, or None. Received: 0"),
        ({"k": 4}, "Received: 4"),
        ({"k": 1.0}, "Received: 1.0"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"seed": None}, "`seed` .* Received: None"),
        ({"start_step": -1}, "`start_step`"),
        ({"steps": 0}, "`steps`"),
    ],
)
def test_impossible_arguments(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        data.pairs(**{"batch_size": 8, "seed": 0, **arguments})


@pytest.mark.parametrize(("grid", "word"), [(None, "none"), (FactorGrid(("n",), (4,)), "one")])
def test_data_without_factors(grid, word):
    data = dataclasses.replace(from_arrays(np.zeros((4, 2, 2), bool)), factors=grid)
    with pytest.raises(ValueError, match=f"two or more ground-truth factors. Received: 'array', which has {word}$"):
        data.pairs(2, seed=0)
