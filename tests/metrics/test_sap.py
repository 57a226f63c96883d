import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaezoo.metrics import sap
from vaezoo.metrics.sap import accuracy, squared_correlation


def score(codes, factors, rows, **options):
    return sap(codes, factors, **rows, **options)["sap"]


def test_two_values_are_separated_by_a_line(factors, rows):
    """Of 2 values the best latent tells all, the others half: a gap of ½."""
    binary = (factors >= [2, 2, 4, 4]).astype(int)
    z = 2.0 * binary[:, 1:] - 1
    assert score(z, binary[:, 1:], rows) == pytest.approx(0.5, abs=0.08)
    assert score(z[:, ::-1] * [1.0, -2.0, 1.0] + 0.1, binary[:, 1:], rows) == pytest.approx(0.5, abs=0.08)
    assert score(np.concatenate([z, z], axis=1), binary[:, 1:], rows) == 0
    assert score(z[:, :1], binary[:, 1:2], rows) == 1.0


@pytest.mark.parametrize("classifier", ["svm", "thresholds"])
def test_worse_codes(classifier, codes, factors, rows):
    perfect = score(codes["perfect"], factors, rows, classifier=classifier)
    for name in ("useless", "duplicated", "constant"):
        assert score(codes[name], factors, rows, classifier=classifier) < 0.25 * perfect, name
    assert score(codes["rotated"], factors, rows, classifier=classifier) < 0.5 * perfect
    assert score(codes["padded"], factors, rows, classifier=classifier) == pytest.approx(perfect, abs=0.06)


def test_thresholds_separate_every_value_of_a_perfect_code(codes, factors, rows):
    expected = np.mean([1 - 1 / size for size in (3, 4, 8, 8)])
    for name in ("perfect", "permuted"):
        # The second best latent guesses, so the gap falls short of 1 - 1/V by the luck of the best guesser.
        assert score(codes[name], factors, rows, classifier="thresholds") == pytest.approx(expected, abs=0.08)
        padded = {"num_train": 4000, "num_test": 3000}
    many = np.tile(codes["perfect"], (12, 1)), np.tile(factors, (12, 1))
    assert score(*many, padded, classifier="thresholds") == pytest.approx(expected, abs=0.025)


def test_thresholds_weigh_classes_alike():
    v = np.array([[0], [0], [0], [1]])
    correct = np.array([[[True, True, True, False]]])
    assert accuracy(correct, v, balanced=False) == 0.75
    assert accuracy(correct, v, balanced=True) == 0.5


def test_dsprites_factors(dsprites):
    """Thresholds find every value; the reference's lines only the outer ones, which its protocol calls 0.23."""
    expected = np.mean([1 - 1 / size for size in dsprites.sizes])
    assert sap(dsprites.factors, dsprites.factors, classifier="thresholds")["sap"] == pytest.approx(expected, abs=0.02)
    assert sap(dsprites.factors, dsprites.factors)["sap"] == pytest.approx(0.23, abs=0.02)


def test_continuous_factors_by_squared_correlation(codes, rows):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(768, 3))
    z = np.concatenate([y * [1.0, -5.0, 0.1] + 3, np.ones((768, 1))], axis=1)
    assert score(z, y, rows, continuous=True) == pytest.approx(1, abs=0.03)
    assert score(codes["constant"], y, rows, continuous=True) == 0
    np.testing.assert_allclose(squared_correlation(z[:, :3], y), np.corrcoef(z[:, :3].T, y.T)[:3, 3:] ** 2, atol=1e-12)


def test_the_reference_has_no_floor_for_the_variance_of_a_factor():
    """Its floor of 1e-12 is that of the latents alone."""
    y = np.random.default_rng(0).normal(size=(300, 2))
    some = {"num_train": 200, "num_test": 100, "continuous": True}
    expected = sap(y, y, **some)["sap"]
    assert expected > 0.9
    for scale in (1e-7, 1e-200, 1e300):
        assert sap(y, y * scale, **some)["sap"] == pytest.approx(expected, abs=1e-12)
    assert sap(y * 1e-7, y, **some)["sap"] == 0
    assert sap(y * 1e-5, y, **some)["sap"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("options", [{}, {"classifier": "thresholds"}, {"continuous": True}])
def test_the_matrix_is_that_of_the_score(options, codes, factors, rows):
    z = codes["padded"][:, [4, 1, 0]]
    received = sap(z, factors[:, :2], **rows, **options, return_matrix=True, bootstrap=2)
    S = received["sap_matrix"]
    assert S.shape == (3, 2) and S.dtype == np.float64
    assert S.argmax(axis=0).tolist() == [2, 1]
    second, first = np.sort(S, axis=0)[-2:]
    assert received["sap"] == pytest.approx(np.mean(first - second), abs=1e-12)
    assert "sap_matrix" not in sap(z, factors[:, :2], **rows, **options)


def test_errors(codes, factors, rows):
    with pytest.raises(ValueError, match="Unknown classifier 'tree'. Choose from: svm, thresholds"):
        sap(codes["perfect"], factors, classifier="tree")
    with pytest.raises(ValueError, match="Factor 0 must be discrete"):
        score(codes["perfect"], codes["useless"], rows)
    with pytest.raises(ValueError, match="Factor 1 must take at least 2 values"):
        score(codes["perfect"], codes["useless"] * [1, 0, 1, 1], rows, continuous=True)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    """Thresholds ask only for the order of values; the SVM's penalty sees their scale."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(300, 2))
    codes = np.round(factors @ rng.normal(size=(2, 3)) + 0.5 * rng.normal(size=(300, 3)))
    some, latents = {"num_train": 200, "num_test": 100}, rng.permutation(3)
    for options in ({}, {"classifier": "thresholds"}, {"continuous": True}):
        expected = score(codes, factors, some, **options)
        assert score(codes[:, latents], factors[:, ::-1], some, **options) == pytest.approx(expected, abs=1e-9)
        if options:
            assert score(codes * [8, 0.5, 2] + 3, factors, some, **options) == pytest.approx(expected, abs=1e-9)
