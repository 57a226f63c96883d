"""Codes of any precision and scale: the scores are those of the same numbers in float64."""

import numpy as np
import pytest

from vaezoo.metrics import (
    active_units,
    beta_vae_score,
    chen_mig,
    class_information,
    dci,
    factor_vae_score,
    infomec,
    irs,
    mig,
    modularity,
    per_latent,
    sap,
    udr,
    unibound,
)
from vaezoo.metrics.scaling import exponents, for_trees, to_unit_range

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
POINTS = {"num_train": 300, "num_test": 200, "batch_size": 8}
INVARIANT = {
    "mig": mig,
    "factor_vae": lambda z, v: factor_vae_score(z, v, **POINTS),
    "forest": lambda z, v: dci(z, v, importance="random_forest"),
    "forest of numbers": lambda z, v: dci(z, v + 0.5, importance="random_forest", continuous=True),
    "thresholds": lambda z, v: sap(z, v, classifier="thresholds"),
    "correlation": lambda z, v: sap(z, v, continuous=True),
    "modularity": modularity,
    "infomec": infomec,
    "irs": irs,
    "lasso": lambda z, v: udr([z, z[:, ::-1]]),
    "spearman": lambda z, v: udr([z, z[:, ::-1]], correlation="spearman"),
}
DEPENDENT = {"svm": sap, "beta_vae": lambda z, v: beta_vae_score(z, v, **POINTS)}
TREES = ("forest", "forest of numbers", "thresholds")
OTHERS = {
    "chen_mig": lambda z, v: chen_mig(z, np.full_like(z, -2), v, num_train=200),
    "unibound": lambda z, v: unibound(z, np.full_like(z, -2), v, num_samples=50),
    "active_units": lambda z, v: active_units(z),
    "per_latent": lambda z, v: {"kl": per_latent(z, np.full_like(z, -2))["kl"].sum()},
}


@pytest.fixture(scope="module")
def halves(codes, factors):
    """Codes [768, 3] that float16 holds exactly, whose squares and sums it does not, and 2 factors."""
    z = codes["rotated"][:, :3] + 0.3 * codes["useless"][:, :3]
    return (200 * z).astype(np.float16).astype(np.float64), factors[:, :2]


@pytest.mark.parametrize("name", [*INVARIANT, *DEPENDENT, *OTHERS])
def test_every_metric_computes_in_float64(name, halves):
    z, v = halves
    metric = (INVARIANT | DEPENDENT | OTHERS)[name]
    expected = metric(z, v)
    for dtype in (np.float16, np.float32):
        assert metric(z.astype(dtype), v) == expected


def test_probabilities_and_posteriors_of_half_precision():
    rng = np.random.default_rng(0)
    q = rng.dirichlet(np.ones(10), size=50).astype(np.float16)
    assert class_information([q]) == class_information([q.astype(np.float64)])
    mean, log_var = (300 * rng.normal(size=(2, 30, 2))).astype(np.float16)
    log_var = -np.abs(log_var) / 100
    wide = per_latent(mean.astype(np.float32), log_var.astype(np.float32))
    np.testing.assert_equal(per_latent(mean, log_var), wide)


def test_codes_of_bfloat16(halves):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    z = halves[0].astype(ml_dtypes.bfloat16)
    assert mig(z, halves[1]) == mig(z.astype(np.float64), halves[1])


@pytest.mark.parametrize("name", INVARIANT)
@pytest.mark.parametrize("power", [1000, -1000])
def test_a_score_without_a_scale_is_that_of_any_scale(name, power, halves):
    """Powers of 2 are exact, so the scores are too: of 1e300, and of 1e-300 where no threshold prunes it."""
    z, v = halves
    metric = INVARIANT[name]
    moved, expected = metric(np.ldexp(z, power), v), metric(z, v)
    if power < 0 and name in ("factor_vae", "correlation"):  # the reference's thresholds
        assert min(expected.values()) > 0 and max(moved.values()) == 0
    else:  # trees see these codes in [-1, 1], where steps below 1e-7 are none
        assert moved == (pytest.approx(expected, abs=2e-3) if name in TREES else expected)


@pytest.mark.parametrize("name", DEPENDENT)
def test_a_score_of_a_penalised_classifier_refuses_codes_that_it_cannot_fit(name, halves):
    z, v = halves
    with pytest.raises(ValueError, match=r"`codes` must lie within ±1e\+20 for .* Received .*e\+30"):
        DEPENDENT[name](1e300 * z, v)
    assert min(DEPENDENT[name](1e17 * z, v).values()) > 0


def test_what_is_beyond_the_precision_is_refused(halves):
    z, v = halves
    with pytest.raises(ValueError, match="`mean` must be finite in float32. Received"):
        per_latent(1e300 * z, z)
    with pytest.raises(ValueError, match="`mean` and `log_var` must span a finite line"):
        chen_mig(z, np.full_like(z, 1500.0), v)


def test_powers_of_two():
    z = np.array([[0.0, 3.0, 1e300, -5e-324], [0.0, -4.0, -1e-300, 0.0]])
    assert exponents(z).tolist() == [0, 3, 997, -1073]
    scaled = to_unit_range(z)
    assert np.abs(scaled).max(axis=0).tolist() == [0, 0.5, 1e300 / 2.0**997, 0.5]
    np.testing.assert_array_equal(for_trees(z)[:, :2], z[:, :2])
    np.testing.assert_array_equal(for_trees(z)[:, 2:], scaled[:, 2:])
