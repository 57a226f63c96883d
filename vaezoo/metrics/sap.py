"""Separated attribute predictability (SAP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.parallel import thread_map
from vaezoo.metrics.rows import UpTo, draw
from vaezoo.metrics.scaling import check_scale, exponents, for_trees, to_unit_range

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

CLASSIFIERS = ("svm", "thresholds")


def sap(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    num_test: int | None = UpTo(5_000),
    classifier: str = "svm",
    continuous: bool = False,
    return_matrix: bool = False,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float | np.ndarray]:
    """Separated attribute predictability (Kumar et al. 2018, section 3).

        SAP = mean_k (S_(1)k - S_(2)k),   S_dk = how well latent d alone predicts factor k

    Protocol (disentanglement_lib, `sap_score.gin`): 10,000 rows to train, 5,000 others to test; S is the test
    accuracy of a linear SVM with C = 0.01 and balanced class weights. One hyperplane per class cannot separate the
    middle classes of an axis, so even a perfect code of a factor with many values scores low: 0.23 for the factors of
    dSprites. `classifier="thresholds"` is the paper's definition: thresholds on the axis, fitted on the training rows
    by a tree of V leaves, and balanced accuracy; a perfect code of V values then scores 1 - 1/V.

    Args:
        codes: [N, D].
        factors: [N, F], discrete, or numbers if `continuous`.
        seed: seeds the draw of the rows, and the resamples.
        num_train: rows to train. None takes all that `num_test` leaves. If there are fewer rows than both defaults, or
            both are None, two thirds of all rows train and one third tests.
        num_test: other rows, to test; as `num_train`.
        classifier: "svm" or "thresholds".
        continuous: S is the squared correlation of latent and factor over the training rows, or 0 for a latent of
            variance up to 1e-12, as in the reference.
        return_matrix: also return the matrix behind the score.
        progress: show a bar over the D·F fits.
        bootstrap: resamples of the test rows for the interval, with the classifiers kept (with `continuous`, of the
            training rows); 0 for none.
        confidence: of the interval.

    Returns:
        `sap` in [0, 1], with `sap_low`, `sap_high` on request. If there is a single latent, S_(2)k = 0. With
        `return_matrix` also `sap_matrix`, float64 [D, F] of S_dk.

    Raises:
        ValueError: for bad shapes, NaN, a constant factor, a continuous one without `continuous`, an unknown
            `classifier`; for codes beyond 1e20 for the SVM, whose penalty depends on their scale.
    """
    if classifier not in CLASSIFIERS:
        raise ValueError(f"Unknown classifier {classifier!r}. Choose from: {', '.join(CLASSIFIERS)}.")
    codes, factors = inputs.check(codes, factors)
    if classifier == "svm" and not continuous:
        check_scale(codes, "the SVM of `sap`")
    rng = np.random.default_rng(seed)
    rows = draw(len(codes), rng, num_train=num_train, num_test=num_test)
    latents = for_trees(codes) if classifier == "thresholds" and not continuous else codes
    z, z_test = (latents[r] for r in rows)

    if continuous:
        y = inputs.numbers(factors[rows[0]])
        matrix, n = (lambda rows: squared_correlation(z[rows], y[rows])), len(z)
    else:
        v, v_test = np.split(inputs.classes(factors[np.concatenate(rows)]), [len(z)])

        def predict(d: int, k: int) -> np.ndarray:
            model = separator(classifier, v[:, k].max() + 1).fit(z[:, [d]], v[:, k])
            return model.predict(z_test[:, [d]]) == v_test[:, k]

        cells = [(d, k) for d in range(z.shape[1]) for k in range(v.shape[1])]
        correct = np.array(thread_map(predict, cells, "sap", progress)).reshape(z.shape[1], v.shape[1], -1)
        balanced = classifier == "thresholds"
        matrix, n = (lambda rows: accuracy(correct[..., rows], v_test[rows], balanced)), len(z_test)

    scores = bootstrap_interval(
        lambda rows: {"sap": gap(matrix(rows))}, n, rng, bootstrap=bootstrap, confidence=confidence
    )
    return scores | ({"sap_matrix": matrix(np.arange(n))} if return_matrix else {})


def separator(classifier: str, levels: int) -> ClassifierMixin:
    """Returns the classifier that predicts a factor of `levels` values from one latent."""
    if classifier == "svm":
        with extra("metrics"):
            from sklearn.svm import LinearSVC

        return LinearSVC(C=0.01, class_weight="balanced")
    with extra("metrics"):
        from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_leaf_nodes=int(levels), class_weight="balanced", random_state=0)


def accuracy(correct: np.ndarray, v: np.ndarray, balanced: bool) -> np.ndarray:
    """Returns the accuracy S [D, F] of predictions.

    Args:
        correct: whether each prediction is correct, [D, F, n].
        v: classes of the factors [n, F].
        balanced: average over classes instead of rows.
    """
    if not balanced:
        return correct.mean(axis=-1)
    S = np.empty(correct.shape[:2])
    for k, v_k in enumerate(v.T):
        counts = np.bincount(v_k)
        weights = 1 / (counts[v_k] * np.count_nonzero(counts))
        S[:, k] = correct[:, k] @ weights
    return S


def squared_correlation(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the squared Pearson correlation [D, F] of the columns of z [N, D] and y [N, F].

    It is 0 for a column of z with a variance up to 1e-12, as in the reference, and for a constant column of either.
    """
    floor = np.ldexp(1e-6, -exponents(z).clip(-1000))  # of the deviation, as z is scaled below
    varies = np.ptp(y, axis=0) > 0
    z, y = (x - x.mean(axis=0) for x in (to_unit_range(z), to_unit_range(y)))
    z_variance, y_variance = (z**2).mean(axis=0), (y**2).mean(axis=0)
    active = np.logical_and.outer(np.sqrt(z_variance) > floor, varies)
    variance = np.outer(z_variance, y_variance)
    return np.divide((z.T @ y / len(z)) ** 2, variance, out=np.zeros_like(variance), where=active)


def gap(S: np.ndarray) -> float:
    """Returns the mean over factors of the difference between the largest and the second largest S [D, F]."""
    second, first = np.sort(np.concatenate([np.zeros_like(S[:1]), S]), axis=0)[-2:]
    return float((first - second).mean())
