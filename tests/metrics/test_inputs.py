import subprocess
import sys

import numpy as np
import pytest

from vaezoo.metrics import beta_vae_score, chen_mig, dci, factor_vae_score, inputs, irs, mig, modularity, sap

METRICS = [
    mig,
    beta_vae_score,
    factor_vae_score,
    dci,
    sap,
    modularity,
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


def test_drawn_rows_are_disjoint_and_random():
    train, test = inputs.draw(100, [60, 30], np.random.default_rng(0))
    assert len(train) == 60 and len(test) == 30 and len({*train, *test}) == 90 and max(train) > 60


def test_fewer_rows_than_asked_are_shared_out_with_a_warning():
    with pytest.warns(UserWarning, match=r"150 rows were asked and 90 received: using \[60, 30\] of \[100, 50\]"):
        train, test = inputs.draw(90, [100, 50], np.random.default_rng(0))
    assert len(train) == 60 and len(test) == 30 and len({*train, *test}) == 90
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="at least 2. Received 4 rows"):
        inputs.draw(4, [100, 50], np.random.default_rng(0))


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
