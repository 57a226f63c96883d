import subprocess
import sys

import numpy as np
import pytest

from vaezoo.metrics import (
    beta_vae_score,
    chen_mig,
    dci,
    factor_vae_score,
    infomec,
    inputs,
    irs,
    mig,
    modularity,
    sap,
    unibound,
)

METRICS = [
    mig,
    beta_vae_score,
    factor_vae_score,
    dci,
    sap,
    modularity,
    infomec,
    lambda codes, factors: unibound(codes, codes, factors, num_samples=10),
    irs,
    lambda codes, factors: chen_mig(codes, codes, factors),
]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_names_what_is_wrong(metric, codes, factors):
    z = codes["perfect"]
    with pytest.raises(ValueError, match=r"shape \[N, D\] with N, D >= 1. Received shape \[768\]"):
        metric(z[:, 0], factors)
    with pytest.raises(ValueError, match=r"`factors` must have shape \[N, F\].*Received shape \[768\]"):
        metric(z, factors[:, 0])
    with pytest.raises(ValueError, match="Received 768 rows of codes and 767 rows of factors"):
        metric(z, factors[1:])
    with pytest.raises(ValueError, match="Received 1 NaN or infinite values, the first at row 7, column 2"):
        metric(np.where((np.arange(768) == 7)[:, None] & (np.arange(4) == 2), np.nan, z), factors)
    with pytest.raises(ValueError, match="Factor 1 must take at least 2 values"), np.testing.suppress_warnings() as s:
        s.filter(UserWarning)
        metric(z, factors * [1, 0, 1, 1])


def test_columns_of_a_data_frame_are_what_their_values_are():
    names = np.array(["square", "heart"], object)[np.arange(40) % 2]
    azimuth, sizes = np.random.default_rng(0).random(40), np.arange(40) % 4
    for other in (sizes, names):
        with pytest.raises(ValueError, match="Factor 1 must be discrete. Received 40 distinct values"):
            mig(np.ones((40, 2)), np.stack([other, azimuth], axis=1, dtype=object, casting="unsafe"), num_train=None)
    mixed = np.stack([names, sizes.astype(object)], axis=1)
    assert inputs.classes(inputs.check(np.ones((40, 2)), mixed)[1]).max(axis=0).tolist() == [1, 3]
    azimuth[7] = np.nan
    with pytest.raises(ValueError, match="`factors` must be finite. Received 1 NaN"):
        mig(np.ones((40, 2)), np.stack([sizes, azimuth], axis=1).astype(object), num_train=None)


def test_numbers_only():
    with pytest.raises(ValueError, match="must be real numbers. Received dtype complex128"):
        inputs.check_codes(np.ones((3, 2), complex))
    assert inputs.check_codes([[1, 2], [3, 4]]).dtype == np.float64


def test_classes_of_any_type():
    named = np.array([["square", "red"], ["ellipse", "blue"], ["square", "blue"], ["ellipse", "red"]])
    np.testing.assert_array_equal(inputs.classes(named), [[1, 1], [0, 0], [1, 0], [0, 1]])
    np.testing.assert_array_equal(inputs.classes(np.array([[0.5], [0.75], [0.5], [0.75]])), [[0], [1], [0], [1]])


def test_importing_the_metrics_imports_neither_scipy_nor_scikit_learn():
    """In a process of its own, beyond what TensorFlow, Keras and TFP have imported by then."""
    program = (
        "import sys, tensorflow, keras, tensorflow_probability\n"
        "before = set(sys.modules)\n"
        "import vaezoo.metrics\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(new & {'scipy', 'sklearn', 'joblib', 'tqdm', 'matplotlib', 'tensorflow_datasets'}))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "[]"


def test_integers_are_classes_however_many():
    few = np.array([[0, 3], [1, 7], [2, 9], [3, 3]])
    np.testing.assert_array_equal(inputs.classes(few), [[0, 0], [1, 1], [2, 2], [3, 0]])
    with pytest.raises(ValueError, match="Factor 0 must be discrete. Received 4 distinct values in 4 rows"):
        inputs.classes(few + 0.5)
    with pytest.raises(ValueError, match="Two rows must share a value of every factor. .* of factor 0"):
        beta_vae_score(np.eye(4), few)


class NA:
    """Behaves as pandas.NA: equal to nothing, and without a truth value."""

    def __eq__(self, other):
        return self

    __ne__ = __eq__
    __hash__ = object.__hash__

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self):
        return "<NA>"


def with_value(factors, value, dtype=object):
    """`factors`, but for one value at row 7, column 1."""
    changed = factors.astype(dtype)
    changed[7, 1] = value
    return changed


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_names_what_is_missing(metric, codes, factors):
    z = codes["perfect"]
    named = np.where(factors > 1, "square", "heart").astype(object)
    for values, value in ((factors, None), (factors, NA()), (named, None), (named, NA()), (named, np.nan)):
        message = f"`factors` must not be {value}. Received 1, the first at row 7, column 1"
        with pytest.raises(ValueError, match=message):
            metric(z, with_value(values, value))
    with pytest.raises(ValueError, match="`factors` must not be NaT. Received 1, the first at row 7, column 1"):
        metric(z, with_value(factors, np.datetime64("NaT"), "datetime64[D]"))
    with pytest.raises(ValueError, match="`factors` must be finite. Received 1 NaN"):
        metric(z, with_value(factors, np.nan))


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_refuses_masks_and_ragged_lists(metric, codes, factors):
    z = codes["perfect"]
    with pytest.raises(ValueError, match="`codes` must not be masked. Received 1 masked values"):
        metric(np.ma.masked_equal(z, z[3, 2]) if (z == z[3, 2]).sum() == 1 else masked_at(z, 3, 2), factors)
    with pytest.raises(ValueError, match="`factors` must not be masked. Received 1 masked values"):
        metric(z, masked_at(factors, 3, 2))
    with pytest.raises(ValueError, match="`factors` must not be masked. Received 1 masked values"):
        metric(z, list(masked_at(factors, 3, 2)))
    with pytest.raises(ValueError, match="`codes` must have rows of one length. Received a ragged list"):
        metric([*z.tolist()[1:], [0.5]], factors)
    with pytest.raises(ValueError, match="`factors` must have rows of one length. Received a ragged list"):
        metric(z, [*factors.tolist()[1:], [0, 1]])


def masked_at(x, row, column):
    mask = np.zeros(x.shape, bool)
    mask[row, column] = True
    return np.ma.array(x, mask=mask)


def test_a_mask_of_nothing_is_no_mask(codes, factors):
    unmasked = np.ma.array(codes["perfect"], mask=False)
    assert mig(unmasked, factors) == mig(codes["perfect"], factors)


@pytest.mark.parametrize("metric", METRICS[:-2])
def test_every_metric_names_a_factor_of_mixed_types(metric, codes, factors, grid):
    mixed = with_value(factors, "square")
    with pytest.raises(ValueError, match="Factor 1 must hold values of one type. Received int and str"):
        metric(codes["perfect"], mixed)
    if metric in (beta_vae_score, factor_vae_score):
        of_shape = np.where(factors == 1, "square", factors.astype(object))
        with pytest.raises(ValueError, match="Factor 0 must hold values of one type. Received int and str"):
            metric(codes["perfect"], of_shape, grid=grid)


def test_lists_with_names_keep_their_numbers_and_their_gaps():
    z = np.arange(8.0)[:, None]
    rows = [["square", 10], ["heart", 9]] * 4
    assert inputs.classes(inputs.check(z, rows)[1])[:2].tolist() == [[1, 1], [0, 0]]
    with pytest.raises(ValueError, match="`factors` must not be nan. Received 1, the first at row 2, column 1"):
        inputs.check(z, [*rows[:2], ["square", float("nan")], *rows[3:]])
