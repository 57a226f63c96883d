import json
import warnings

import numpy as np
import pytest

from vaezoo.metrics import (
    beta_vae_score,
    chen_mig,
    dci,
    factor_vae_score,
    infomec,
    irs,
    mig,
    modularity,
    sap,
    udr,
    unibound,
)
from vaezoo.metrics.rows import UpTo, draw

TRAIN, TEST = UpTo(100), UpTo(50)


def counts(n, train, test):
    rows = draw(n, np.random.default_rng(0), num_train=train, num_test=test)
    assert len({*rows[0], *rows[1]}) == len(rows[0]) + len(rows[1])
    return [len(part) for part in rows]


def test_drawn_rows_are_disjoint_and_random():
    train, test = draw(100, np.random.default_rng(0), num_train=60, num_test=30)
    assert len(train) == 60 and len(test) == 30 and len({*train, *test}) == 90 and max(train) > 60


@pytest.mark.parametrize(
    "n, train, test, expected",
    [
        (200, TRAIN, TEST, [100, 50]),
        (91, TRAIN, TEST, [60, 30]),
        (90, 50, TEST, [50, 40]),
        (200, 50, TEST, [50, 50]),
        (90, TRAIN, 50, [40, 50]),
        (91, None, None, [61, 30]),
        (91, None, TEST, [61, 30]),
        (301, None, TEST, [251, 50]),
        (301, TRAIN, None, [100, 201]),
        (90, None, 20, [70, 20]),
        (90, 20, None, [20, 70]),
        (90, 60, 30, [60, 30]),
    ],
)
def test_what_can_be_given_is_given_without_a_word(n, train, test, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert counts(n, train, test) == expected


@pytest.mark.parametrize(
    "train, test, expected, message",
    [
        (100, 50, [60, 30], r"150 rows were asked and 90 received: using \[60, 30\] of \[100, 50\]"),
        (100, TEST, [60, 30], r"100 rows were asked and 90 received: using \[60, 30\] of \[100, 50\]"),
        (None, 100, [60, 30], r"100 rows were asked and 90 received: using \[60, 30\] of \[None, 100\]"),
    ],
)
def test_fewer_rows_than_asked_are_shared_out_with_a_warning(train, test, expected, message):
    with pytest.warns(UserWarning, match=message):
        assert counts(90, train, test) == expected


def test_too_few_rows():
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="at least 2. Received 4 rows"):
        counts(4, 100, 50)
    with pytest.raises(ValueError, match=r"at least 2. Received 4 rows for sets of \[100, 50\]"):
        counts(4, TRAIN, TEST)


@pytest.mark.parametrize("wrong", [0, -5, 1, 1.5, "all", True])
def test_counts_are_whole_numbers(wrong, codes, factors):
    for metric in (mig, dci, sap, modularity, infomec, irs):
        with pytest.raises(ValueError, match=r"`num_train` must be None \(all rows\) or a whole number of at least 2"):
            metric(codes["perfect"], factors, num_train=wrong)


@pytest.mark.parametrize("wrong", [None, 0, 1.5])
def test_points_and_votes_are_drawn_by_number(wrong, codes, factors):
    for metric in (beta_vae_score, factor_vae_score):
        with pytest.raises(ValueError, match="`num_test` must be a whole number of at least 1. Received num_test="):
            metric(codes["perfect"], factors, num_test=wrong)


def test_a_default_is_the_number_that_it_shows():
    assert UpTo(10_000) == 10_000 and repr(UpTo(10_000)) == "10000" and json.dumps(UpTo(10_000)) == "10000"


def test_no_metric_warns_of_a_number_that_nobody_asked_for(codes, factors):
    z, v = codes["perfect"], factors[:, :2]
    points = {"num_train": 50, "num_test": 20, "batch_size": 4}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mig(z, v)
        chen_mig(z, np.zeros_like(z), v)
        infomec(z, v)
        unibound(z, np.zeros_like(z), v)
        irs(z, v)
        udr([z, z], correlation="spearman")
        dci(z, v, importance="random_forest")
        sap(z, v)
        modularity(z, v)
        factor_vae_score(z, v, **points)
    with pytest.warns(UserWarning, match="10000 rows were asked and 768 received: using"):
        mig(z, v, num_train=10_000)
    with pytest.warns(UserWarning, match="10000 rows were asked and 768 received: using"):
        factor_vae_score(z, v, num_variance=10_000, **points)


def test_none_takes_all_rows(codes, factors):
    z, v = codes["rotated"], factors[:, :2]
    for metric, options in ((dci, {"importance": "random_forest"}), (sap, {}), (modularity, {})):
        every = metric(z, v, num_train=None, num_test=None, **options)
        assert every == metric(z, v, num_train=512, num_test=256, **options)
        assert metric(z, v, num_train=None, num_test=100, **options) == metric(
            z, v, num_train=668, num_test=100, **options
        )
