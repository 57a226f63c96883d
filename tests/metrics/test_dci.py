import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vaezoo.metrics import dci
from vaezoo.metrics.dci import concentration


def scores(codes, factors, rows, importance="random_forest", **options):
    """With the keys of the reference's estimator."""
    received = dci(codes, factors, importance=importance, **rows, **options)
    if importance == "random_forest":
        assert all(name.startswith("dci_forest_") for name in received)
    return {name.replace("dci_forest_", "dci_"): value for name, value in received.items()}


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


@pytest.mark.parametrize("importance", ["gradient_boosting", "random_forest"])
def test_the_matrix_is_that_of_the_score(importance, codes, factors):
    """Rows are latents and columns factors, in their own order, though the longest fit goes first."""
    few = {"num_train": 150, "num_test": 50, "importance": importance}
    z, v = codes["padded"][:, [2, 0, 4]], factors[:, [0, 2]]
    received = dci(z, v, return_matrix=True, **few)
    matrix = received.pop("dci_matrix")
    assert matrix.dtype == np.float64 and matrix.shape == (3, 2)
    np.testing.assert_allclose(matrix, [[0, 1], [1, 0], [0, 0]], atol=0.05)
    name = "dci" if importance == "gradient_boosting" else "dci_forest"
    assert received[f"{name}_disentanglement"] == pytest.approx(concentration(matrix))
    assert received[f"{name}_completeness"] == pytest.approx(concentration(matrix.T))
    if importance == "random_forest":
        assert received == dci(z, v, **few)
        with pytest.warns(UserWarning, match="refit its trees"):
            resampled = dci(z, v, return_matrix=True, bootstrap=2, **few)
        np.testing.assert_array_equal(resampled["dci_matrix"], matrix)


def test_errors(codes, factors):
    with pytest.raises(ValueError, match="Unknown importance 'lasso'. Choose from: gradient_boosting, random_forest"):
        dci(codes["perfect"], factors, importance="lasso")
    with pytest.raises(ValueError, match="at least 2. Received 1"):
        dci(codes["perfect"], factors[:, :1])


@pytest.mark.parametrize("importance", ["gradient_boosting", "random_forest"])
def test_continuous_factors_by_regression(importance, rows):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(768, 2))
    received = scores(np.column_stack([3 * y, rng.normal(size=768)]), y, rows, importance, continuous=True)
    assert set(received) == {"dci_disentanglement", "dci_completeness", "dci_r2", "dci_r2_train"}
    assert min(received.values()) > 0.95
    useless = scores(rng.normal(size=(768, 2)), y, rows, importance, continuous=True)
    assert useless["dci_disentanglement"] < 0.1 and useless["dci_r2"] < 0.1  # which can be negative
    with pytest.raises(ValueError, match="Factor 0 must be discrete"):
        scores(y, y, rows, importance)


def test_intervals_refit_and_say_how_often(codes, factors, rows):
    with pytest.warns(UserWarning, match=r"2 resamples x 2 factors = 4 fits"):
        scores(codes["rotated"], factors[:, :2], rows, bootstrap=2)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    """Trees ask only for the order of values; that of latents breaks their ties alone."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(300, 2))
    codes = np.round(2 * factors @ rng.normal(size=(2, 3)) + rng.normal(size=(300, 3)))
    some = {"num_train": 200, "num_test": 100}
    expected = scores(codes, factors, some)
    assert scores(codes * [1, 8, 0.25] + [0, -4, 2], factors, some) == pytest.approx(expected)
    assert scores(np.exp(codes / 4), factors, some)["dci_disentanglement"] == pytest.approx(
        expected["dci_disentanglement"]
    )
    moved = scores(codes[:, rng.permutation(3)], factors[:, ::-1], some)
    assert moved == pytest.approx(expected, abs=0.1)


def test_entropies_are_those_of_the_definition():
    R = np.random.default_rng(0).random((4, 3))  # [D, F]
    D = sum(R[d].sum() / R.sum() * (1 - stats.entropy(R[d], base=3)) for d in range(4))
    C = sum(R[:, k].sum() / R.sum() * (1 - stats.entropy(R[:, k], base=4)) for k in range(3))
    assert concentration(R) == pytest.approx(D) and concentration(R.T) == pytest.approx(C)
