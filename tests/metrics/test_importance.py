import numpy as np
import pytest

from vaezoo.metrics import dci
from vaezoo.metrics.importance import concentration


def scores(codes, factors, rows, importance="random_forest", **options):
    return dci(codes, factors, importance=importance, **rows, **options)


@pytest.mark.parametrize("importance", ["gradient_boosting", "random_forest"])
def test_known_codes(importance, codes, factors, rows):
    few = factors[:, :2]  # 3 and 4 values: gradient boosting costs 100 trees for each
    for name, latents in (("perfect", 2), ("permuted", 4)):
        received = scores(codes[name][:, :latents], few, rows, importance)
        assert received == pytest.approx(dict.fromkeys(received, 1.0), abs=1e-6), name
    useless = scores(codes["useless"], few, rows, importance)
    assert useless["dci_disentanglement"] < 0.15 and useless["dci_completeness"] < 0.15
    assert useless["dci_informativeness"] < 0.45 < 0.9 < useless["dci_informativeness_train"]


def test_a_rotated_and_a_duplicated_code(codes, factors, rows):
    rotated = scores(codes["rotated"], factors, rows)
    assert rotated["dci_disentanglement"] < 0.2 and rotated["dci_completeness"] < 0.2
    duplicated = scores(codes["duplicated"], factors, rows)
    assert duplicated["dci_disentanglement"] == pytest.approx(1, abs=1e-6)  # each latent still has one factor,
    assert duplicated["dci_completeness"] < 0.85  # but each factor two latents


def test_disentanglement_and_completeness_are_not_swapped(codes, factors, rows):
    """One latent of two factors: complete, not disentangled."""
    z = np.stack([8 * factors[:, 2] + factors[:, 3], np.zeros(len(factors))], axis=1)
    received = scores(z, factors[:, 2:], rows)
    assert received["dci_completeness"] == pytest.approx(1) and received["dci_disentanglement"] == pytest.approx(0)


def test_constant_latents_and_a_single_one(codes, factors, rows):
    constant = scores(codes["constant"], factors, rows)
    assert constant["dci_disentanglement"] == constant["dci_completeness"] == 0
    assert scores(codes["perfect"][:, :1], factors, rows)["dci_completeness"] == 1


def test_concentration():
    assert concentration(np.eye(4)) == 1
    assert concentration(np.ones((3, 5))) == pytest.approx(0)
    assert concentration(np.zeros((3, 5))) == 0
    # A row of weight 3 with entropy 0, one of weight 1 spread over 2 of 4: (3·1 + 1·½) / 4
    assert concentration(np.array([[3.0, 0, 0, 0], [0.5, 0.5, 0, 0]])) == pytest.approx(3.5 / 4)


def test_dsprites_factors_score_one(dsprites):
    some = {"num_train": 3000, "num_test": 1000, "importance": "random_forest"}
    received = dci(dsprites.factors, dsprites.factors, **some)
    assert received == pytest.approx(dict.fromkeys(received, 1.0), abs=1e-6)


def test_errors(codes, factors):
    with pytest.raises(ValueError, match="Unknown importance 'lasso'. Choose from: gradient_boosting, random_forest"):
        dci(codes["perfect"], factors, importance="lasso")
    with pytest.raises(ValueError, match="at least 2. Received 1"):
        dci(codes["perfect"], factors[:, :1])
