import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, t

from vaezoo.metrics import infomec, mutual_information
from vaezoo.metrics.infomec import largest_share, neighbor_information


def test_known_codes(codes, factors):
    perfect = infomec(codes["perfect"], factors)
    assert perfect.keys() == {"infom", "infoe", "infoc"}
    assert all(0.99 < score <= 1 for score in perfect.values()), perfect
    assert infomec(codes["permuted"], factors) == pytest.approx(perfect, abs=1e-3)
    assert infomec(codes["padded"], factors) == pytest.approx(perfect, abs=1e-3)  # its constants are not active
    duplicated = infomec(codes["duplicated"], factors)
    assert duplicated["infom"] == pytest.approx(perfect["infom"], abs=1e-3) and duplicated["infoe"] > 0.99
    assert duplicated["infoc"] == pytest.approx((1 / 2 - 1 / 8) / (1 - 1 / 8), abs=0.005)  # two equal shares of eight
    sizes = np.array([3, 4, 8, 8])  # of useless codes, the gain on the rows of the fit: 4 (V - 1) / 2 N nats
    overfit = np.mean(4 * (sizes - 1) / (2 * 768 * np.log(sizes)))
    assert infomec(codes["useless"], factors)["infoe"] == pytest.approx(overfit, abs=0.004)
    assert infomec(codes["constant"], factors) == pytest.approx({"infom": 0, "infoe": 0, "infoc": 0}, abs=1e-12)


def test_a_rotated_code_has_it_all_but_mixed():
    """Of two factors alike, turned by 45°, each latent has the same share: modularity and compactness are 0."""
    v = np.stack(np.unravel_index(np.arange(2048) % 64, (8, 8)), axis=1)
    received = infomec(v @ [[1.0, 1.0], [1.0, -1.0]], v)
    assert received["infom"] < 0.01 and received["infoc"] < 0.01 and received["infoe"] > 0.99


def test_information_and_explicitness_of_two_gaussians_are_their_closed_form():
    """v is fair, z | v ~ N(±μ, 1): p(v | z) is logistic in z, so InfoE is I(z; v) / H(v), by quadrature."""
    mu, n = np.array([0.6, 1.5]), 8000
    v = np.random.default_rng(0).integers(2, size=(n, 2))
    z = (2 * v - 1) * mu + np.random.default_rng(1).normal(size=(n, 2))
    x = np.linspace(-10, 10, 20001)[:, None]
    mixture = (norm.pdf(x, -mu) + norm.pdf(x, mu)) / 2
    information = -np.sum(mixture * np.log(mixture), axis=0) * (x[1] - x[0]) - 0.5 * np.log(2 * np.pi * np.e)
    for k in range(2):
        assert neighbor_information(z[:, k], v[:, k], 10, 0) == pytest.approx(information[k], abs=0.02)
        assert neighbor_information(z[:, k], v[:, 1 - k], 10, 0) < 0.02
    # The log-loss of a row has a standard deviation below 1 nat.
    expected = np.mean(information) / np.log(2)
    assert infomec(z, v)["infoe"] == pytest.approx(expected, abs=4 / np.sqrt(2 * n) / np.log(2)) and expected > 0.3


def test_a_code_of_half_of_the_bits_has_half_of_the_explicitness():
    """Of v = 0 ... 3, one class tells the half: L(v | z) = log 2 of H(v) = log 4."""
    v = np.stack(np.unravel_index(np.arange(800) % 16, (4, 4)), axis=1)
    received = infomec(v // 2, v, discrete=[0, 1])
    assert received["infoe"] == pytest.approx(0.5, abs=1e-3)
    assert received["infom"] == pytest.approx(1, abs=1e-12) and received["infoc"] == pytest.approx(1, abs=1e-12)


def test_rare_values_weigh_what_they_are():
    """Of factors with probabilities p, z = v > 0 leaves (1 - p_0) H(p_1, p_2) of H(p)."""
    counts = np.array([600, 300, 100])
    v = np.repeat(np.arange(3), counts)[:, None]
    v = np.concatenate([v, np.random.default_rng(0).permutation(v)], axis=1)
    p, rest = counts / 1000, np.array([0.75, 0.25])
    expected = 1 - 0.4 * -np.sum(rest * np.log(rest)) / -np.sum(p * np.log(p))
    assert infomec(v > 0, v, discrete=[0, 1])["infoe"] == pytest.approx(expected, abs=0.003)


def test_the_largest_share():
    rows = np.array([[2.0, 0, 0], [1.0, 1.0, 0], [0.5, 0.5, 1.0], [0, 0, 0]])  # shares 1, 1/2, 1/2 and 1/3
    assert largest_share(rows) == pytest.approx(((1 + 1 / 2 + 1 / 2 + 1 / 3) / 4 - 1 / 3) / (2 / 3))
    assert largest_share(np.ones((2, 5))) == pytest.approx(0) and largest_share(np.eye(4)) == 1
    assert largest_share(np.ones((3, 1))) == 1 and largest_share(np.zeros((3, 1))) == 0
    assert largest_share(np.zeros((3, 0))) == 0 and largest_share(np.zeros((0, 3))) == 0


def test_latents_of_small_range_are_left_out(codes, factors):
    """The third latent knows factor 0 as the first does, and counts if its range exceeds a twentieth of theirs."""
    z = (factors[:, [0, 1, 0]] / [2, 3, 2]) * np.array([1, 1, 1 / 21])
    left_out, counted = infomec(z, factors[:, :2]), infomec(z * [1, 1, 21 / 19], factors[:, :2])
    assert left_out["infoc"] > 0.99 and left_out["infoc"] == infomec(z[:, :2], factors[:, :2])["infoc"]
    assert counted["infoc"] == pytest.approx(((1 / 2 + 1) / 2 - 1 / 3) / (2 / 3), abs=0.01)
    # Class numbers have no range that a continuous latent could be compared with.
    classes = np.concatenate([z[:, :2], 1000 * factors[:, :1]], axis=1)
    assert infomec(classes, factors[:, :2], discrete=[2])["infoc"] == pytest.approx(counted["infoc"], abs=0.005)


def test_discrete_latents_are_counted_and_constant_ones_are_not_active(factors):
    v = factors[:, :3]
    y = np.stack([v[:, 0], (v[:, 1] + (np.arange(768) % 5 == 0)) % 4, np.ones(768, int), v[:, 2] % 2], axis=1)
    nmi = mutual_information(y, v, discrete=range(4)) / np.log([3, 4, 8])
    received = infomec(y, v, discrete=range(4))
    active = nmi[[0, 1, 3]]
    assert received["infom"] == pytest.approx((np.mean(active.max(1) / active.sum(1)) - 1 / 3) / (2 / 3), abs=1e-12)
    assert received["infoc"] == pytest.approx((np.mean(active.max(0) / active.sum(0)) - 1 / 3) / (2 / 3), abs=1e-12)
    # All of factor 0, a third of the bits of factor 2, and of factor 1 what the noise leaves: classes have no order.
    assert received["infoe"] == pytest.approx((1 + nmi[1, 1] + 1 / 3) / 3, abs=0.01)


def test_continuous_and_discrete_latents_together(codes, factors):
    v = np.stack([factors[:, 2], factors[:, 3] % 2], axis=1)
    z = np.stack([codes["perfect"][:, 2], factors[:, 3]], axis=1)
    mixed = infomec(z, v, discrete=[1])
    assert all(score > 0.99 for score in mixed.values())
    assert infomec(z, v, discrete=[-1]) == mixed
    # As a number, 0 ... 7 says 0.035 of the bit "odd" to a line.
    assert infomec(z, v)["infoe"] == pytest.approx((1 + 0.035) / 2, abs=0.003)
    with pytest.raises(ValueError, match=r"`discrete` must hold columns of the codes, 0 ... 3. Received \[4\]"):
        infomec(codes["perfect"], factors, discrete=[4])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    factors = rng.integers(3, size=(150, 2))
    codes = factors @ rng.normal(size=(2, 3)) + 0.3 * rng.normal(size=(150, 3))
    codes /= np.ptp(codes, axis=0)  # all are active
    expected = infomec(codes, factors)
    moved = codes[:, rng.permutation(3)] * rng.choice([-1, 0.5, 2.0], size=3) + [1.0, 0.0, -8.0]
    assert infomec(moved, factors[:, ::-1] * 7 - 3) == pytest.approx(expected, abs=2e-3)
    rows = rng.permutation(150)
    assert infomec(codes[rows], factors[rows]) == pytest.approx(expected, abs=2e-3)


def test_intervals_are_as_wide_as_the_scores_of_many_samples_are_spread():
    """80 % intervals of Student's t, of 5 halves of 200 rows."""

    def sample(seed):
        rng = np.random.default_rng(seed)
        v = rng.integers(4, size=(200, 2))
        return v + 0.3 * v[:, ::-1] + 0.5 * rng.normal(size=(200, 2)), v

    truth = [infomec(*sample(seed)) for seed in range(100, 124)]
    intervals = [infomec(*sample(seed), bootstrap=5, confidence=0.8) for seed in range(10)]
    for name in ("infom", "infoe", "infoc"):
        scores = [score[name] for score in truth]
        widths = [score[f"{name}_high"] - score[f"{name}_low"] for score in intervals]
        assert np.mean(widths) == pytest.approx(2 * t.ppf(0.9, 4) * np.std(scores, ddof=1), rel=0.4), name
        centres = [(score[f"{name}_high"] + score[f"{name}_low"]) / 2 for score in intervals]
        assert np.mean(centres) == pytest.approx(np.mean(scores), abs=4 * np.std(scores) / np.sqrt(10)), name


def test_bad_inputs(codes, factors):
    with pytest.raises(ValueError, match="`infomec` compares factors, so it must have at least 2. Received 1"):
        infomec(codes["perfect"], factors[:, :1])
    with pytest.raises(ValueError, match="`num_neighbors` must be a whole number of at least 1"):
        infomec(codes["perfect"], factors, num_neighbors=0)
    names = np.stack([np.arange(768), np.arange(768) % 2], axis=1)
    with pytest.raises(ValueError, match="Every factor must have a value that two rows share"):
        infomec(codes["perfect"], names)
