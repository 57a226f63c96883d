import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from vaezoo.metrics import ari, clustering_accuracy, nmi

classes = np.repeat(np.arange(5), 20)


def test_known_labels():
    shuffled = np.array([30, 10, 50, 20, 40])[classes]
    for metric in (clustering_accuracy, nmi, ari):
        (name,) = metric(classes, classes)
        assert name == metric.__name__
        assert metric(shuffled, classes)[name] == pytest.approx(1)
    one = np.zeros_like(classes)
    assert clustering_accuracy(one, classes)["clustering_accuracy"] == 0.2
    assert nmi(one, classes)["nmi"] == ari(one, classes)["ari"] == 0


def test_one_cluster_serves_one_class_only():
    """Majority voting would give 1 to clusters finer than the classes; the assignment does not."""
    finer = np.arange(100) // 10
    assert clustering_accuracy(finer, classes)["clustering_accuracy"] == 0.5
    merged = np.minimum(classes, 3)
    assert clustering_accuracy(merged, classes)["clustering_accuracy"] == 0.8


def test_the_assignment_is_the_best_one_not_the_greedy_one():
    # Cluster 0 has 5 of class 0 and 4 of class 1; cluster 1 has 4 of class 0 only: 4 + 4 beats 5 + 0.
    labels, true = np.repeat([0, 0, 1], [5, 4, 4]), np.repeat([0, 1, 0], [5, 4, 4])
    assert clustering_accuracy(labels, true)["clustering_accuracy"] == pytest.approx(8 / 13)


def test_strings_and_scikit_learn():
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(100) < 0.3, rng.integers(5, size=100), classes)
    names = np.array(list("edcba"))[labels]
    assert clustering_accuracy(names, classes) == clustering_accuracy(labels, classes)
    assert nmi(names, classes)["nmi"] == pytest.approx(normalized_mutual_info_score(classes, labels))
    assert ari(names, classes)["ari"] == pytest.approx(adjusted_rand_score(classes, labels))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    labels, true = rng.integers(6, size=50), rng.integers(4, size=50)
    rows, names = rng.permutation(50), rng.permutation(6) - 9
    for metric in (clustering_accuracy, nmi, ari):
        expected = metric(labels, true)[metric.__name__]
        assert metric(names[labels][rows], true[rows])[metric.__name__] == pytest.approx(expected, abs=1e-12)
        assert metric(true, labels)[metric.__name__] == pytest.approx(expected, abs=1e-12)


def test_errors():
    with pytest.raises(ValueError, match=r"same shape \[N\], N >= 1. Received \[100, 1\] and \[100\]"):
        nmi(classes[:, None], classes)
    with pytest.raises(ValueError, match="`labels` must not be nan"):
        ari(classes * np.nan, classes)
    with pytest.raises(ValueError, match="`labels` must not be None. Received 1, the first at row 3"):
        clustering_accuracy([0, 1, 0, None], [0, 1, 0, 1])
    with pytest.raises(ValueError, match="`classes` must hold values of one type. Received int and str"):
        nmi([0, 1], [0, "square"])
    with pytest.raises(ValueError, match="`labels` must not be masked. Received 1 masked values"):
        nmi(np.ma.masked_equal([0, 1], 1), [0, 1])
