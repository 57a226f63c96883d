import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from vaezoo.metrics import modularity
from vaezoo.metrics.information import discrete_information
from vaezoo.metrics.modularity import CLASSIFIERS, auc, class_scores, logistic, one_factor_per_latent


def test_known_codes(codes, factors, rows):
    perfect = modularity(codes["perfect"], factors, **rows)
    # Of 512 random rows the latents of other factors hold a little information by chance.
    assert perfect["modularity"] > 0.99 and perfect["explicitness"] > 0.95
    permuted = modularity(codes["permuted"], factors, **rows)
    assert permuted == pytest.approx(perfect, abs=1e-3)
    duplicated = modularity(codes["duplicated"], factors, **rows)
    assert duplicated["modularity"] == pytest.approx(perfect["modularity"], abs=1e-9)
    rotated = modularity(codes["rotated"], factors, **rows)
    assert rotated["modularity"] < 0.9 and rotated["explicitness"] > 0.9  # all there, but mixed
    useless = modularity(codes["useless"], factors, **rows)
    assert useless["explicitness"] == pytest.approx(0.5, abs=0.05)
    constant = modularity(codes["constant"], factors, **rows)
    assert constant["modularity"] == 0 and constant["explicitness"] == 0.5


def test_constant_latents_count_as_not_modular(codes, factors, rows):
    perfect, padded = (modularity(codes[name], factors, **rows)["modularity"] for name in ("perfect", "padded"))
    assert padded == pytest.approx(perfect * 4 / 6)


def test_constant_latents_are_not_modular_by_rounding():
    """H(x) + H(v) - H(x, v) of a constant latent can be 2e-16, of which a factor may have all."""
    for seed in range(12):
        v = np.random.default_rng(seed).integers(6, size=(300, 5))
        x = np.concatenate([v, np.full((300, 5), 19)], axis=1)  # 19: the bin of a constant
        expected = one_factor_per_latent(discrete_information(v, v)) / 2
        assert one_factor_per_latent(discrete_information(x, v)) == pytest.approx(expected, abs=1e-12)
    some = {"num_train": 200, "num_test": 100}
    received = modularity(np.concatenate([v, np.full(v.shape, 0.3)], axis=1), v, **some)["modularity"]
    assert received == pytest.approx(modularity(v, v, **some)["modularity"] / 2, abs=1e-12)


def test_dsprites_factors(dsprites):
    received = modularity(dsprites.factors, dsprites.factors, num_train=4000, num_test=1000)
    assert received["modularity"] > 0.999 and received["explicitness"] == pytest.approx(0.94, abs=0.02)


def test_modularity_of_an_information_matrix():
    # Latent 0 knows factor 0 alone; latent 1 two alike (1 - 1/2); latent 2 one at half the other (1 - ¼/2); 3 none.
    information = np.array([[2.0, 0, 0], [1.0, 1.0, 0], [0, 1.0, 2.0], [0, 0, 0]])
    assert one_factor_per_latent(information) == pytest.approx((1 + 0.5 + 0.875 + 0) / 4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_auc_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    v = rng.permutation(np.arange(80) % 3)
    p = np.round(rng.random((80, 3)), 1)  # with ties
    expected = np.mean([roc_auc_score(v == c, p[:, c]) for c in range(3)])
    assert auc(p, v, np.arange(3)) == pytest.approx(expected, abs=1e-12)
    absent = np.concatenate([p, rng.random((80, 1))], axis=1)
    assert auc(absent, v, np.arange(4)) == pytest.approx(expected, abs=1e-12)


def test_one_factor(codes, factors):
    with pytest.raises(ValueError, match="`modularity` compares factors, so it must have at least 2. Received 1"):
        modularity(codes["perfect"], factors[:, :1])


@pytest.mark.parametrize(
    "classifier, mean, inner, middle",
    [("one_vs_rest", 0.94, 0.85, 1.0), ("separate", 0.76, 0.82, 0.51), ("multinomial", 0.99, 1.0, 1.0)],
)
def test_a_line_does_not_cut_an_inner_class_out_of_an_axis(classifier, mean, inner, middle):
    """Of 40 values on one axis: of all, of the eighth, and of the middle one, which the division by the sum finds."""
    v = np.arange(2000) % 40
    z = ((v - v.mean()) / v.std())[:, None]
    p = class_scores(logistic(classifier).fit(z, v), z, classifier)
    areas = [auc(p[:, [k]], v, np.array([k])) for k in range(40)]
    assert [np.mean(areas), areas[7], areas[20]] == pytest.approx([mean, inner, middle], abs=0.02)
    assert areas[0] > 0.999 and areas[39] > 0.999


def test_separate_scores_of_a_factor_of_two_values(codes, factors, rows):
    """A line is all that two values need."""
    binary = (factors[:, 2:] >= 4).astype(int)
    scores = [modularity(codes["perfect"], binary, classifier=c, **rows)["explicitness"] for c in CLASSIFIERS]
    np.testing.assert_allclose(scores, 1)
    with pytest.raises(ValueError, match="Unknown classifier 'ovr'. Choose from: one_vs_rest, separate, multinomial"):
        modularity(codes["perfect"], binary, classifier="ovr")


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(150, 2))
    codes = factors @ rng.normal(size=(2, 3)) + 0.3 * rng.normal(size=(150, 3))
    some = {"num_train": 100, "num_test": 50, "bins": 5}
    expected = modularity(codes, factors, **some)
    moved = codes[:, rng.permutation(3)] * rng.choice([-4.0, 0.5, 2.0], size=3) + [1.0, 0.0, -8.0]
    assert modularity(moved, factors, **some) == pytest.approx(expected, abs=2e-3)
