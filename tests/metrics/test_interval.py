import numpy as np
import pytest

from vaezoo.metrics import (
    ari,
    beta_vae_score,
    chen_mig,
    clustering_accuracy,
    dci,
    factor_vae_score,
    irs,
    mig,
    modularity,
    nmi,
    sap,
    udr,
)
from vaezoo.metrics.interval import with_interval


def test_covers_the_mean_as_often_as_it_says():
    """90 % intervals of the mean of 60 exponentials: known to cover a little less than that, 0.85 ... 0.9."""
    covered = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.exponential(size=60)
        limits = with_interval(lambda rows, x=x: {"m": x[rows].mean() - 1}, 60, rng, bootstrap=200, confidence=0.9)
        covered += limits["m_low"] <= 0 <= limits["m_high"]
    assert 0.80 < covered / 300 < 0.95


def test_takes_off_the_bias_of_resampling():
    """Distinct rows fall by a third in every resample, which must not move the interval off the score."""
    score = {"share": 0.5}

    def distinct(rows):
        return {"share": score["share"] * len(np.unique(rows)) / 100}

    limits = with_interval(distinct, 100, np.random.default_rng(0), bootstrap=100, confidence=0.95)
    assert limits["share_low"] < limits["share"] < limits["share_high"]


def test_wider_with_confidence_and_narrower_with_rows(codes, factors):
    z = codes["rotated"] + codes["useless"]
    width = {}
    for name, rows, confidence in (("few", 200, 0.95), ("many", 700, 0.95), ("sure", 700, 0.999)):
        s = mig(z, factors, num_train=rows, bootstrap=300, confidence=confidence)
        width[name] = s["mig_high"] - s["mig_low"]
    assert width["few"] > 1.3 * width["many"] and width["sure"] > 1.2 * width["many"]


def test_every_metric_gives_an_interval_around_its_score(codes, factors, grid, rows):
    z, v = codes["rotated"] + 0.3 * codes["useless"], factors
    options = {"bootstrap": 20, "confidence": 0.9}
    few = {"num_train": 300, "num_test": 200}
    y, c = v[:, 2] // 2, np.where(np.arange(768) % 5, v[:, 2] // 2, v[:, 3] // 2)
    received = [
        mig(z, v, num_train=None, **options),
        chen_mig(z, np.full_like(z, -2.0), v, num_train=None, **options),
        beta_vae_score(z, v, grid=grid, batch_size=4, **few, **options),
        factor_vae_score(z, v, batch_size=4, **few, **options),
        dci(z, v[:, :2], importance="random_forest", **rows, **options),
        sap(z, v, **rows, **options),
        modularity(z, v, **rows, **options),
        irs(z, v, num_train=None, **options),
        udr([z, codes["perfect"]], num_train=None, **options),
        clustering_accuracy(y, c, **options),
        nmi(y, c, **options),
        ari(y, c, **options),
    ]
    merged = {}
    for scores in received:
        assert not merged.keys() & scores.keys()
        merged |= scores
        assert all(type(value) is float for value in scores.values())
    intervals = [name.removesuffix("_low") for name in merged if name.endswith("_low")]
    assert len(intervals) == 12 + 3 + 1 + 2  # DCI has four, modularity two, UDR one more per model
    for name in intervals:
        assert merged[f"{name}_low"] <= merged[name] <= merged[f"{name}_high"], name
        assert 0 < merged[f"{name}_high"] - merged[f"{name}_low"] < 0.5, name


def test_the_score_itself_does_not_depend_on_the_interval(codes, factors):
    z = codes["rotated"]
    assert mig(z, factors, num_train=200, bootstrap=5)["mig"] == mig(z, factors, num_train=200)["mig"]


@pytest.mark.parametrize("wrong", [{"bootstrap": -1}, {"confidence": 1.0}, {"confidence": 0}])
def test_errors(wrong, codes, factors):
    with pytest.raises(ValueError, match=r"`bootstrap` must be >= 0 and `confidence` in \(0, 1\). Received"):
        mig(codes["perfect"], factors, num_train=None, **wrong)
