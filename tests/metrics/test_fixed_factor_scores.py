"""The beta-VAE and the FactorVAE score: two ways to guess which factor was held fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaezoo.metrics import beta_vae_score, factor_vae_score
from vaezoo.metrics.beta_vae import differences
from vaezoo.metrics.factor_vae import votes
from vaezoo.metrics.fixed_factor import MatchingRows

pytestmark = pytest.mark.filterwarnings("ignore:With .* rows for each value")
SMALL = {"num_train": 600, "num_test": 400, "batch_size": 16}
SCORES = [beta_vae_score, factor_vae_score]


def score(metric, codes, factors, **options):
    return metric(codes, factors, **{**SMALL, **options})[metric.__name__]


@pytest.mark.parametrize("metric", SCORES)
def test_known_codes(metric, codes, factors, grid):
    chance = 0.25 + 4 * np.sqrt(0.25 * 0.75 / SMALL["num_test"])
    for options in ({}, {"grid": grid}):
        for name in ("perfect", "permuted", "duplicated", "padded"):
            assert score(metric, codes[name], factors, **options) > 0.98, name
        assert score(metric, codes["useless"], factors, **options) < chance
        assert score(metric, codes["constant"], factors, **options) < chance
        assert score(metric, codes["perfect"][:, [0, 0, 0, 0]], factors, **options) < 0.7


def test_a_rotation_of_all_factors_scores_less(codes, factors):
    """Each latent holds every factor alike, so which of them varies least tells little."""
    for metric in SCORES:
        assert score(metric, codes["rotated"], factors) < 0.8 * score(metric, codes["perfect"], factors)


def test_one_code_of_two_factors_cannot_tell_them_apart(factors):
    """z = (v_0, v_1, 8 v_2 + v_3): fixing v_3 fixes nothing that shows, fixing v_2 nearly all of z_2."""
    z = np.stack([factors[:, 0], factors[:, 1], 8 * factors[:, 2] + factors[:, 3]], axis=1)
    received = score(factor_vae_score, z, factors, num_test=2000)
    majority = score(factor_vae_score, z[:, :2], factors[:, :2], num_test=2000)
    assert majority == 1.0 and 0.6 < received < 0.9


@pytest.mark.parametrize("metric", SCORES)
def test_dsprites_factors_score_one(metric, dsprites):
    class Grid:
        sizes = dsprites.sizes

    assert score(metric, dsprites.factors, dsprites.factors, grid=Grid) > 0.99


def test_the_vote_is_the_latent_of_least_variance(codes, factors):
    latent, shared = votes(codes["perfect"], MatchingRows(factors), 200, 16, np.random.default_rng(0))
    np.testing.assert_array_equal(latent, shared)
    latent, shared = votes(codes["perfect"][:, ::-1], MatchingRows(factors), 200, 16, np.random.default_rng(0))
    np.testing.assert_array_equal(latent, 3 - shared)


def test_latents_below_the_threshold_are_pruned(codes, factors):
    # Left in, a faint constant-variance latent would win votes of every factor.
    z = np.concatenate([codes["perfect"], 0.01 * codes["useless"][:, :1]], axis=1)
    assert factor_vae_score(z, factors, **SMALL)["factor_vae_active_latents"] == 4
    assert factor_vae_score(z, factors, threshold=0.001, **SMALL)["factor_vae_active_latents"] == 5
    received = factor_vae_score(codes["constant"], factors, **SMALL)
    assert received["factor_vae_score"] == received["factor_vae_active_latents"] == 0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    """The same seed draws the same rows, so orders and scales of latents change no vote at all."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(90, 2))
    codes = factors @ rng.normal(size=(2, 3)) + 0.2 * rng.normal(size=(90, 3))
    latents, scale = rng.permutation(3), rng.choice([-4.0, -1.0, 2.0, 8.0], size=3)
    few = {"num_train": 100, "num_test": 100, "batch_size": 8, "threshold": 0.0}
    expected = factor_vae_score(codes, factors, **few)["factor_vae_score"]
    assert factor_vae_score(codes[:, latents], factors, **few)["factor_vae_score"] == expected
    assert factor_vae_score(codes * scale, factors, **few)["factor_vae_score"] == expected
    del few["threshold"]
    expected = beta_vae_score(codes, factors, **few)["beta_vae_score"]
    assert beta_vae_score(codes[:, latents] + 3, factors, **few)["beta_vae_score"] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("metric", SCORES)
def test_sets_which_are_no_grid(metric, codes, factors):
    some = np.random.default_rng(0).permutation(len(factors))[:300]
    assert score(metric, codes["perfect"][some], factors[some]) > 0.97


def test_few_rows_do_not_make_useless_codes_useful():
    """500 rows of 5 and 100 values: were a row its own partner, a fifth of the pairs of factor 1 would not differ."""
    factors = np.stack([np.arange(500) % 5, np.arange(500) // 5], axis=1)
    codes = np.random.default_rng(0).normal(size=(500, 10))
    for metric in SCORES:
        with pytest.warns(UserWarning, match="With 5 rows for each value of a factor"):
            assert 0.4 < score(metric, codes, factors, num_train=2000, num_test=1000) < 0.7
    enough = np.random.default_rng(1).integers(2, size=(500, 2)) + [0, 5]
    assert score(beta_vae_score, codes, enough, num_test=1000) < 0.55


def test_partners_are_all_other_rows_alike():
    draws = MatchingRows(np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, 1], [1, 0]] * 5))
    rng = np.random.default_rng(0)
    for k in range(2):
        rows = draws.anchors(k, 20_000, rng)
        partners = draws.partners(rows, k, rng)
        assert (draws.v[partners, k] == draws.v[rows, k]).all() and (partners != rows).all()
        of_one = partners[rows == rows[0]]
        assert set(of_one) == set(np.flatnonzero(draws.v[:, k] == draws.v[rows[0], k])) - {rows[0]}


@pytest.mark.parametrize("metric", SCORES)
def test_errors(metric, codes, factors, grid):
    with pytest.raises(ValueError, match="at least 2. Received 1"):
        metric(codes["perfect"], factors[:, :1])
    with pytest.raises(ValueError, match="Factor 0 must be discrete. Received 768 distinct values"):
        metric(codes["perfect"], codes["useless"])
    with pytest.raises(ValueError, match="not a full grid"):
        metric(codes["perfect"][1:], factors[1:], grid=grid)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_samples_does_not_matter(seed):
    """But for the luck of the draw: two standard errors of 1,000 points are 0.03."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(200, 2))
    codes = factors + 0.5 * rng.normal(size=(200, 2))
    rows, some = rng.permutation(200), {"num_train": 1000, "num_test": 1000, "batch_size": 4}
    for metric in SCORES:
        expected = score(metric, codes, factors, **some)
        assert score(metric, codes[rows], factors[rows], **some) == pytest.approx(expected, abs=0.08)


class Recorder(MatchingRows):
    """Remembers the rows that it draws."""

    drawn = ()

    def sharing(self, rows, k, rng):
        return self.note(k, rows, super().sharing(rows, k, rng))

    def partners(self, rows, k, rng):
        return self.note(k, rows, super().partners(rows, k, rng))

    def note(self, k, rows, others):
        self.drawn = [*self.drawn, (k, rows, others)]
        return others


def test_differences_by_brute_force(factors):
    z, draws = np.random.default_rng(0).normal(size=(768, 3)), Recorder(factors)
    z_diff, shared = differences(z, draws, 20, 5, np.random.default_rng(1))
    for k in range(4):
        pairs = [(first, second) for drawn, first, second in draws.drawn if drawn == k]
        for i, point in enumerate(np.flatnonzero(shared == k)):
            expected = [sum(abs(z[a[i], d] - z[b[i], d]) for a, b in pairs) / 5 for d in range(3)]
            np.testing.assert_allclose(z_diff[point], expected)
            assert all(factors[a[i], k] == factors[b[i], k] for a, b in pairs)


def test_votes_by_brute_force(factors):
    z, draws = np.random.default_rng(0).normal(size=(768, 3)), Recorder(factors)
    latent, shared = votes(z, draws, 20, 6, np.random.default_rng(1))
    for k, _, images in draws.drawn:
        for vote, rows in zip(latent[shared == k], images, strict=True):
            spread = [sum((z[i, d] - z[rows, d].mean()) ** 2 for i in rows) for d in range(3)]
            assert vote == spread.index(min(spread)) and len(set(factors[rows, k])) == 1
