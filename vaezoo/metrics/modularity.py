"""Modularity and explicitness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.information import discrete_information, equal_width_bins
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.parallel import thread_map
from vaezoo.metrics.rows import UpTo, draw
from vaezoo.metrics.scaling import to_unit_range

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

CLASSIFIERS = ("one_vs_rest", "separate", "multinomial")


def modularity(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    num_test: int | None = UpTo(5_000),
    bins: int = 20,
    classifier: str = "one_vs_rest",
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Modularity and explicitness (Ridgeway & Mozer 2018, section 3).

        modularity   = mean_d (1 - sum_{k != k*} I_dk² / (I_dk*² (F - 1))),   k* = argmax_k I_dk: one factor per latent
        explicitness = mean_k mean_v AUC of "v_k = v" by a linear classifier of all latents: 0.5 for useless codes

    Protocol (disentanglement_lib, `modularity_explicitness.gin`): 10,000 rows to train, 5,000 others to test;
    information I by counting, in 20 equal-width bins, over the training rows; logistic regression on codes
    standardised by the training rows, AUC on the test rows. As in the reference, a latent without information (a
    constant) has modularity 0. The modularity of a noise latent is that of the estimation noise in I, which is not 0:
    prune such latents first.

    The reference's logistic regression is that of scikit-learn before 0.22: one-vs-rest by liblinear, with each
    probability divided by the sum over the classes. A hyperplane cannot separate a middle class of an axis; a perfect
    code of 40 values scores 0.90, which is so high only because of the division. `classifier="separate"` is the
    paper's definition, a separate classifier for each class: 0.77 for that code. "multinomial" is scikit-learn's
    current default: 0.97. Scores of different classifiers are not comparable.

    Args:
        codes: [N, D].
        factors: [N, F], F >= 2, discrete.
        seed: seeds the draw of the rows, and the resamples.
        num_train: rows to train. None takes all that `num_test` leaves. If there are fewer rows than both defaults, or
            both are None, two thirds of all rows train and one third tests.
        num_test: other rows, to test; as `num_train`.
        bins: bins per code.
        classifier: "one_vs_rest", "separate" or "multinomial".
        progress: show a bar over the F fits.
        bootstrap: resamples for the intervals: of the training rows for modularity, and of the test rows, with the
            classifiers kept, for explicitness; 0 for none.
        confidence: of the interval.

    Returns:
        `modularity`, `explicitness`, `explicitness_train` in [0, 1], and `_low`, `_high` of the first two on
        request.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, fewer than 2 factors, an unknown
            `classifier`.
    """
    if classifier not in CLASSIFIERS:
        raise ValueError(f"Unknown classifier {classifier!r}. Choose from: {', '.join(CLASSIFIERS)}.")
    codes, factors = inputs.check(codes, factors)
    inputs.at_least_two_factors(factors, "modularity")
    rng = np.random.default_rng(seed)
    rows = draw(len(codes), rng, num_train=num_train, num_test=num_test)
    v, v_test = np.split(inputs.classes(factors[np.concatenate(rows)]), [len(rows[0])])
    latents = to_unit_range(codes)
    mean, sd = latents[rows[0]].mean(axis=0), latents[rows[0]].std(axis=0)
    z, z_test = ((latents[r] - mean) / np.where(sd > 0, sd, 1) for r in rows)

    def fit(k: int) -> tuple[float, np.ndarray, np.ndarray]:
        model = logistic(classifier).fit(z, v[:, k])
        train, test = (class_scores(model, x, classifier) for x in (z, z_test))
        return auc(train, v[:, k], model.classes_), test, model.classes_

    fits = thread_map(fit, [(k,) for k in range(v.shape[1])], "explicitness", progress)

    def modular(rows: np.ndarray) -> dict[str, float]:
        return {"modularity": one_factor_per_latent(discrete_information(equal_width_bins(z[rows], bins), v[rows]))}

    def explicit(rows: np.ndarray) -> dict[str, float]:
        areas = [auc(p[rows], v_test[rows, k], known) for k, (_, p, known) in enumerate(fits)]
        return {"explicitness": np.mean(areas)}

    options = {"bootstrap": bootstrap, "confidence": confidence}
    return {
        **bootstrap_interval(modular, len(z), rng, **options),
        **bootstrap_interval(explicit, len(z_test), rng, **options),
        "explicitness_train": float(np.mean([train for train, *_ in fits])),
    }


def logistic(classifier: str) -> ClassifierMixin:
    """Returns the linear classifier of the values of one factor."""
    with extra("metrics"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

    if classifier == "multinomial":
        return LogisticRegression(max_iter=1000)
    return OneVsRestClassifier(LogisticRegression(solver="liblinear"))


def class_scores(model: ClassifierMixin, z: np.ndarray, classifier: str) -> np.ndarray:
    """Returns scores [N, K] that increase with the probability of each class, of rows z [N, D]."""
    if classifier != "separate":
        return model.predict_proba(z)
    decision = model.decision_function(z)
    return decision if decision.ndim == 2 else np.stack([-decision, decision], axis=1)


def one_factor_per_latent(information: np.ndarray) -> float:
    """Returns the mean modularity of the latents from their information [D, F]; a latent without any counts as 0."""
    squared = information**2
    best = squared.max(axis=1)
    rest = np.divide(squared.sum(axis=1) - best, best * (squared.shape[1] - 1), out=np.ones_like(best), where=best > 0)
    return float(np.mean(1 - rest))


def auc(p: np.ndarray, v: np.ndarray, known: np.ndarray) -> float:
    """Returns the mean over classes of the area under the one-vs-rest ROC curve, by the rank-sum statistic.

    Args:
        p: scores [N, K] that increase with the probabilities of the classes `known`.
        v: true classes [N]. Classes without rows, or without rows of other classes, have no area and are left out.
        known: classes of the columns of `p`, [K].
    """
    with extra("metrics"):
        from scipy.stats import rankdata

    positive = v[:, None] == known  # [N, K]
    n = positive.sum(axis=0)
    scored = (n > 0) & (n < len(v))
    ranks = rankdata(p[:, scored], axis=0)
    positive, n = positive[:, scored], n[scored]
    return float(np.mean(((ranks * positive).sum(axis=0) - n * (n + 1) / 2) / (n * (len(v) - n))))
