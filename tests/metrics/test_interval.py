import time
import warnings

import numpy as np
import pytest

from vaezoo.metrics import (
    active_units,
    ari,
    beta_vae_score,
    chen_mig,
    class_information,
    clustering_accuracy,
    dci,
    factor_vae_score,
    infomec,
    irs,
    mig,
    modularity,
    nmi,
    per_latent,
    sap,
    udr,
)
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.parallel import thread_map


def test_covers_the_mean_as_often_as_it_says():
    """90 % intervals of the mean of 60 exponentials: known to cover a little less than that, 0.85 ... 0.9."""
    covered = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.exponential(size=60)
        options = {"bootstrap": 200, "confidence": 0.9, "bounds": (-1, np.inf)}
        limits = bootstrap_interval(lambda rows, x=x: {"m": x[rows].mean() - 1}, 60, rng, **options)
        covered += limits["m_low"] <= 0 <= limits["m_high"]
    assert 0.80 < covered / 300 < 0.95


@pytest.mark.parametrize("bootstrap", [2, 5, 39, 50])
def test_few_resamples_make_wide_intervals_that_cover_too(bootstrap):
    """95 % intervals of the mean of 400 normal numbers; extremes of 2 or 5 cover far less, NumPy's quantiles 0.92."""
    covered = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        options = {"bootstrap": bootstrap, "confidence": 0.95, "bounds": (-np.inf, np.inf)}
        limits = bootstrap_interval(lambda rows, x=x: {"m": x[rows].mean()}, 400, rng, **options)
        covered += limits["m_low"] <= 0 <= limits["m_high"]
    assert abs(covered / 1000 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 1000)


@pytest.mark.slow
def test_intervals_of_dci_cover_the_mean_of_many_samples():
    """90 % intervals of forests; the test rows count: resampling the training rows alone covers 0.7."""

    def sample(seed):
        rng = np.random.default_rng(seed)
        v = rng.integers(3, size=(180, 2))
        return v + 0.8 * rng.normal(size=v.shape), v

    options = {"importance": "random_forest", "num_train": 120, "num_test": 60}
    truth = np.mean([dci(*sample(seed), **options)["dci_forest_informativeness"] for seed in range(1000, 1040)])
    covered = 0
    for seed in range(30):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            limits = dci(*sample(seed), **options, bootstrap=8, confidence=0.9)
        covered += limits["dci_forest_informativeness_low"] <= truth <= limits["dci_forest_informativeness_high"]
    assert covered / 30 > 0.8


def test_takes_off_the_bias_of_resampling():
    """Distinct rows fall by a third in every resample, which must not move the interval off the score."""
    score = {"share": 0.5}

    def distinct(rows):
        return {"share": score["share"] * len(np.unique(rows)) / 100}

    limits = bootstrap_interval(distinct, 100, np.random.default_rng(0), bootstrap=100, confidence=0.95)
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
        infomec(z[:, :2], v[:, :2], num_train=200, **options),
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
    # DCI and InfoMEC have three, modularity two, UDR one more per model.
    assert len(intervals) == 13 + 2 + 2 + 1 + 2
    for name in intervals:
        assert merged[f"{name}_low"] <= merged[name] <= merged[f"{name}_high"], name
        assert 0 < merged[f"{name}_high"] - merged[f"{name}_low"] < 0.5, name


def test_the_score_itself_does_not_depend_on_the_interval(codes, factors):
    z = codes["rotated"]
    assert mig(z, factors, num_train=200, bootstrap=5)["mig"] == mig(z, factors, num_train=200)["mig"]


@pytest.mark.parametrize("wrong", [{"bootstrap": -1}, {"bootstrap": 1}, {"confidence": 1.0}, {"confidence": 0}])
def test_errors(wrong, codes, factors):
    with pytest.raises(
        ValueError, match=r"`bootstrap` must be 0 or at least 2, and `confidence` in \(0, 1\). Received"
    ):
        mig(codes["perfect"], factors, num_train=None, **wrong)


def test_intervals_of_mig_and_irs_cover_the_mean_of_many_samples():
    """90 % intervals, of 120 rows each; IRS's is the hard one, see its docstring."""

    def sample(seed):
        rng = np.random.default_rng(seed)
        v = rng.integers(4, size=(120, 2))
        return v + 0.3 * v[:, ::-1] + 0.3 * rng.normal(size=(120, 2)), v

    for metric, least in ((mig, 0.75), (irs, 0.7)):
        name, every = metric.__name__, {"num_train": None}
        truth = np.mean([metric(*sample(seed), **every)[name] for seed in range(1000, 1200)])
        intervals = [metric(*sample(seed), **every, bootstrap=60, confidence=0.9) for seed in range(50)]
        assert least <= np.mean([s[f"{name}_low"] <= truth <= s[f"{name}_high"] for s in intervals]) <= 1, name


def test_limits_stay_within_the_bounds_of_the_score():
    def half(rows):
        return {"m": np.array([(rows < 2).mean(), (rows < 50).mean()])}  # of 100: 0.02 and 0.5

    options = {"bootstrap": 100, "confidence": 0.99}
    limits = bootstrap_interval(half, 100, np.random.default_rng(0), **options)
    assert limits["m_low"][0] == 0 and 0 < limits["m_low"][1] < 0.5 < limits["m_high"][1] < 1
    free = bootstrap_interval(half, 100, np.random.default_rng(0), bounds=(-1, 0.6), **options)
    assert free["m_low"][0] < 0 and free["m_high"][1] == 0.6
    alike = ari([0, 1] * 10, [0, 1] * 9 + [1, 0], bootstrap=50)
    assert -0.5 <= alike["ari_low"] < alike["ari"] < alike["ari_high"] <= 1
    useless = ari(np.arange(20) % 2, np.arange(20) // 2 % 2, bootstrap=50)
    assert -0.5 <= useless["ari_low"] < 0  # below chance, which nmi cannot be


def test_unsupervised_scores_have_intervals():
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(200, 3)) * [1, 0.1, 0.01]
    log_var = -1 + 0.1 * rng.normal(size=mean.shape)
    units = active_units(mean, bootstrap=50)
    assert units["active_units_low"] <= units["active_units"] <= units["active_units_high"] <= 3
    p = rng.dirichlet([0.5] * 4, size=200)
    known = class_information([p], bootstrap=50)
    assert 0 < known["mi_y_low"] < known["mi_y"] < known["mi_y_high"] < np.log(4)
    mi_samples = rng.normal(0.3, 0.5, size=(150, 3))
    table = per_latent(mean, log_var, mi_samples, bootstrap=50)
    for name in ("kl", "var_mean", "mi_lower", "mi_upper", "mi"):
        assert table[f"{name}_low"].shape == (3,)
        assert (table[f"{name}_low"] <= table[name]).all() and (table[name] <= table[f"{name}_high"]).all(), name
    width = table["mi_high"] - table["mi_low"]
    np.testing.assert_allclose(width, 2 * 1.96 * table["mi_se"], rtol=0.5, atol=1e-3)


@pytest.mark.parametrize(
    "label, total, metric, options",
    [
        ("explicitness", 2, modularity, {}),
        ("sap", 8, sap, {}),
        ("dci trees", 100 * (3 + 4), dci, {}),
        ("dci_forest trees", 20, dci, {"importance": "random_forest"}),
        ("dci_forest bootstrap", 3, dci, {"importance": "random_forest", "bootstrap": 3}),
    ],
)
def test_bars_move_to_their_ends(label, total, metric, options, codes, factors, capsys):
    few = {"num_train": 60, "num_test": 30, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = metric(codes["rotated"], factors[:, :2], progress=True, **few)
        bars = capsys.readouterr().err
        assert shown == metric(codes["rotated"], factors[:, :2], **few)
    assert f"{label}: 100%" in bars and f"{total}/{total}" in bars and bars.count("\n") == 1
    assert capsys.readouterr().err == ""


def test_results_of_fits_keep_their_order():
    assert thread_map(lambda i: time.sleep(0.02 * (3 - i)) or i, [(i,) for i in range(4)], "", False) == [0, 1, 2, 3]
