import numpy as np
import pytest

from vaezoo.metrics import chen_mig, unibound


def score(mean, factors, sd=0.02, num_samples=200, **options):
    return unibound(mean, np.full(np.shape(mean), 2 * np.log(sd)), factors, num_samples=num_samples, **options)


ONLY = {
    "unique": {"unibound": 1, "unibound_unique_upper": 1},
    "redundant": {"unibound_redundant_lower": 1, "unibound_redundant_upper": 1},
    "synergistic": {"unibound_synergistic_lower": 1, "unibound_synergistic_upper": 1},
}


def only(kind, received):
    return received == pytest.approx(dict.fromkeys(received, 0) | ONLY[kind], abs=1e-6)


def test_known_codes(codes, factors):
    perfect = score(codes["perfect"], factors)
    assert len(perfect) == 6 and only("unique", perfect)
    assert only("unique", score(codes["permuted"], factors)) and only("unique", score(codes["padded"], factors))
    assert only("redundant", score(codes["duplicated"], factors))
    constant = score(codes["constant"], factors)
    assert constant == pytest.approx(dict.fromkeys(constant, 0), abs=1e-9)


def test_noise_around_means_that_do_not_know_the_factors(factors):
    """Posteriors as wide as the prior hide which row a sample is of."""
    rng = np.random.default_rng(0)
    useless = score(0.3 * rng.normal(size=(768, 2)), factors, sd=1.0)
    assert useless["unibound"] < 0.02 and useless["unibound_synergistic_upper"] < 0.05


def test_a_rotated_code_is_synergistic():
    """Of two factors alike, turned by 45°: each latent has a part of a factor, and both have all of it."""
    v = np.stack(np.unravel_index(np.arange(256), (16, 16)), axis=1)
    turned = score(v @ np.array([[1.0, 1.0], [1.0, -1.0]]), v, sd=0.3, num_samples=None)
    assert turned["unibound"] < 0.02 and turned["unibound_synergistic_lower"] > 0.5
    assert turned["unibound_synergistic_lower"] < turned["unibound_synergistic_upper"]


def test_synergy_of_the_other_latents_that_mig_does_not_see():
    """z_0 is v; z_1 and z_2 have it only together (a sum modulo 8): MIG 1, but nothing that z_0 has is unique."""
    u, v = np.stack(np.unravel_index(np.arange(64), (8, 8)))
    mean, factors = np.stack([v, u, (u + v) % 8], axis=1).astype(float), v[:, None]
    assert chen_mig(mean, np.full(mean.shape, -8.0), factors)["chen_mig"] == pytest.approx(1, abs=1e-6)
    received = score(mean, factors, num_samples=None)
    assert received["unibound"] == pytest.approx(0, abs=1e-9)
    assert only("redundant", received)


def test_half_of_the_factors():
    """A mean over the factors: one of two is copied, one is an exclusive or."""
    a, b, c = np.stack(np.unravel_index(np.arange(8), (2, 2, 2)))
    received = score(np.stack([a, b, c], axis=1), np.stack([c, a ^ b], axis=1), num_samples=None)
    expected = {name: 0.5 for kind in ("unique", "synergistic") for name in ONLY[kind]}
    assert received == pytest.approx(dict.fromkeys(received, 0) | expected, abs=1e-9)


def test_intervals_cover_the_score_of_all_samples():
    """90 % intervals of 200 samples each."""
    rng = np.random.default_rng(0)
    v = np.repeat(np.stack(np.unravel_index(np.arange(16), (4, 4)), axis=1), 16, axis=0)
    mean = v @ [[1.0, 0.3], [0.3, 1.0]] + 0.1 * rng.normal(size=v.shape)
    truth = {}
    for seed in range(40):
        for name, value in score(mean, v, sd=0.4, seed=1000 + seed).items():
            truth[name] = truth.get(name, 0) + value / 40
    intervals = [score(mean, v, sd=0.4, seed=seed, bootstrap=40, confidence=0.9) for seed in range(40)]
    for name, mean_score in truth.items():
        assert all(s[f"{name}_low"] <= s[name] <= s[f"{name}_high"] for s in intervals)
        covered = np.mean([s[f"{name}_low"] <= mean_score <= s[f"{name}_high"] for s in intervals])
        assert covered >= 0.75, (name, covered)
        assert 0 < mean_score < 0.9


def test_progress_and_seeds(codes, factors, capsys):
    z = codes["rotated"]
    first = score(z, factors, num_samples=50, progress=True)
    assert "partial information: 100%" in capsys.readouterr().err
    assert first == score(z, factors, num_samples=50) != score(z, factors, num_samples=50, seed=1)
    with pytest.raises(ValueError, match="`num_samples` must be None .* or a whole number of at least 2"):
        score(z, factors, num_samples=1)
