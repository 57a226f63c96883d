import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from vaezoo.metrics import modularity
from vaezoo.metrics.explicitness import auc, one_factor_per_latent


def test_known_codes(codes, factors, rows):
    perfect = modularity(codes["perfect"], factors, **rows)
    # Of 512 random rows the latents of other factors hold a little information by chance.
    assert perfect["modularity"] > 0.99 and perfect["explicitness"] > 0.98
    permuted = modularity(codes["permuted"], factors, **rows)
    assert permuted == pytest.approx(perfect, abs=1e-3)
    duplicated = modularity(codes["duplicated"], factors, **rows)
    assert duplicated["modularity"] == pytest.approx(perfect["modularity"], abs=1e-9)
    rotated = modularity(codes["rotated"], factors, **rows)
    assert rotated["modularity"] < 0.9 and rotated["explicitness"] > 0.95  # all there, but mixed
    useless = modularity(codes["useless"], factors, **rows)
    assert useless["explicitness"] == pytest.approx(0.5, abs=0.05)
    constant = modularity(codes["constant"], factors, **rows)
    assert constant["modularity"] == 0 and constant["explicitness"] == 0.5


def test_constant_latents_count_as_not_modular(codes, factors, rows):
    perfect, padded = (modularity(codes[name], factors, **rows)["modularity"] for name in ("perfect", "padded"))
    assert padded == pytest.approx(perfect * 4 / 6)


def test_dsprites_factors(dsprites):
    received = modularity(dsprites.factors, dsprites.factors, num_train=4000, num_test=1000)
    assert received["modularity"] > 0.999 and received["explicitness"] > 0.97


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
