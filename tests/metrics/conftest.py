"""Known codes of a small full grid, shared by the tests of all metrics."""

from types import SimpleNamespace

import numpy as np
import pytest

SIZES = (3, 4, 8, 8)


def factors_of(sizes):
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)


@pytest.fixture(scope="session")
def grid():
    """What vaezoo.data.factors.FactorGrid shows of itself to a metric."""
    return SimpleNamespace(sizes=SIZES)


@pytest.fixture(scope="session")
def factors():
    """[768, 4], every combination of 3 x 4 x 8 x 8 values once."""
    return factors_of(SIZES)


@pytest.fixture(scope="session")
def codes(factors):
    """Named codes of `factors`: what every metric must tell apart."""
    rng = np.random.default_rng(0)
    perfect = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    rotation = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    return {
        "perfect": perfect,
        "permuted": perfect[:, [2, 0, 3, 1]] * [2.0, -1.0, 0.5, -3.0] + [1.0, 0.0, -5.0, 2.0],
        "rotated": perfect @ rotation,
        "duplicated": np.concatenate([perfect, perfect], axis=1),
        "useless": rng.normal(size=perfect.shape),
        "constant": np.full_like(perfect, 0.3),
        "padded": np.concatenate([perfect, np.zeros((len(perfect), 2))], axis=1),
    }


@pytest.fixture(scope="session")
def dsprites():
    """dSprites' own factors [737280, 5]: 3 shapes, 6 scales, 40 orientations, 32 x 32 positions."""
    sizes = (3, 6, 40, 32, 32)
    return SimpleNamespace(sizes=sizes, factors=factors_of(sizes))


ROWS = {"num_train": 512, "num_test": 256}


@pytest.fixture(scope="session")
def rows():
    """All 768 rows, for the metrics which keep some for a test."""
    return ROWS
