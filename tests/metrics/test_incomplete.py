"""Sets which are no full grid: factors that go together, with the answers that the definitions give."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from vaezoo.metrics import dci, irs, mig, modularity, sap


@pytest.fixture(scope="module")
def biased():
    """3,000 rows of 3 factors of 2, 3 and 4 values; the second is mostly that of the first, and two cells are empty."""
    rng = np.random.default_rng(0)
    a, b, c = (rng.integers(size, size=3000) for size in (2, 3, 4))
    b = np.where(rng.random(3000) < 0.5, a, b)
    factors = np.stack([a, b, c], axis=1)
    return factors[~((b == 2) & (c > 1))]


def information(factors):
    return np.array([[mutual_info_score(x, y) for y in factors.T] for x in factors.T])


def test_mig_loses_what_other_factors_tell(biased):
    own = information(biased)
    entropy = np.diag(own)
    others = (own - np.diag(entropy)).max(axis=0)
    assert mig(biased, biased, num_train=None)["mig"] == pytest.approx(np.mean(1 - others / entropy), abs=1e-9)
    assert others[0] > 0.1 and others[2] > 0.05


def test_modularity_squares_it(biased):
    own = information(biased) ** 2
    expected = np.mean(1 - (own.sum(axis=1) - np.diag(own)) / (np.diag(own) * 2))
    received = modularity(biased, biased, num_train=len(biased) - 500, num_test=500)
    assert received["modularity"] == pytest.approx(expected, abs=0.01) and expected < 0.99
    assert received["explicitness"] > 0.97


def test_trees_take_the_latent_that_is_the_factor(biased):
    received = dci(biased, biased, importance="random_forest", num_train=1500, num_test=500)
    assert received == pytest.approx(dict.fromkeys(received, 1.0), abs=1e-6)


def test_irs_of_exact_codes_is_one(biased):
    assert irs(biased, biased, bins=None, num_train=None)["irs"] == 1
    mixed = biased + biased[:, [1, 2, 0]]
    assert irs(mixed, biased, bins=None, num_train=None)["irs"] < 0.7


def test_sap_of_two_factors_that_agree_four_times_of_five():
    """The other latent guesses 0.8 of each: 0.2 by accuracy, and 1 - 0.6² by correlation."""
    cells = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [800, 200, 200, 800], axis=0)
    some = {"num_train": 1200, "num_test": 800}
    for classifier in ("svm", "thresholds"):
        received = sap(2.0 * cells - 1, cells, classifier=classifier, **some)["sap"]
        assert received == pytest.approx(0.2, abs=0.03), classifier
    assert sap(cells, cells, continuous=True, **some)["sap"] == pytest.approx(1 - 0.6**2, abs=0.05)
