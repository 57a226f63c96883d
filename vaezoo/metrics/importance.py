"""Disentanglement, completeness and informativeness, from the importance of each latent to each factor."""

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropy
from vaezoo.metrics.interval import with_interval
from vaezoo.metrics.parallel import over_cores

ESTIMATORS = ("gradient_boosting", "random_forest")


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    importance: str = "gradient_boosting",
    num_train: int = 10_000,
    num_test: int = 5_000,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018, section 2).

        R_dk = importance of latent d for predicting factor k
        D = sum_d rho_d (1 - H_F(R_d. / sum_k R_dk)),  rho_d = sum_k R_dk / sum R      entropy to base F
        C = sum_k rho_k (1 - H_D(R_.k / sum_d R_dk)),  rho_k = sum_d R_dk / sum R      entropy to base D
        I = mean_k accuracy of the prediction

    Protocol (disentanglement_lib, `dci.gin`): 10,000 rows to train, 5,000 others to test, scikit-learn's
    gradient boosted trees at their defaults, one classifier per factor. `importance="random_forest"`, the
    paper's choice beside the lasso, is the faster estimator: 10 trees per factor, every latent a candidate at
    every split. Its scores compare only among themselves. The reference weighs the factors in C by their
    importance, as D does the latents; the paper averages them: for trees, whose importances sum to 1, these
    are one.

    Args:
        codes: [N, D].
        factors: [N, F], F >= 2, discrete.
        seed: draws the rows, seeds the trees, draws the resamples.
        importance: "gradient_boosting" or "random_forest".
        num_train, num_test: rows; of fewer rows than both, two thirds train by these defaults.
        progress: show a bar over the fits.
        bootstrap: resamples of the training rows for the interval, all trees fitted again for each; 0 for
            none.
        confidence: of the interval.

    Returns:
        `dci_disentanglement`, `dci_completeness`, `dci_informativeness` (on the test rows),
        `dci_informativeness_train`, all in [0, 1], and `_low`, `_high` of each on request. If no latent has
        any importance, D = C = 0; a single latent is complete.

    Raises:
        ValueError: bad shapes, NaN, a continuous or constant factor, fewer than 2 factors, an unknown
            `importance`.
    """
    if importance not in ESTIMATORS:
        raise ValueError(f"Unknown importance {importance!r}. Choose from: {', '.join(ESTIMATORS)}.")
    codes, factors = inputs.check(codes, factors)
    inputs.at_least_two_factors(factors, "dci")
    rng = np.random.default_rng(seed)
    rows = inputs.draw(len(codes), [num_train, num_test], rng)
    v = inputs.classes(factors[np.concatenate(rows)])
    (z, z_test), (v, v_test) = (codes[r] for r in rows), np.split(v, [len(rows[0])])
    longest_first = np.argsort(-v.max(axis=0), kind="stable")  # to keep every core busy to the end

    def fit(k: int, rows: np.ndarray) -> tuple[np.ndarray, float, float]:
        model = estimator(importance, seed).fit(z[rows], v[rows, k])
        return model.feature_importances_, model.score(z[rows], v[rows, k]), model.score(z_test, v_test[:, k])

    def score(rows: np.ndarray) -> dict[str, float]:
        fits = over_cores(fit, [(k, rows) for k in longest_first], "dci", progress)
        R, train, test = (np.array(column) for column in zip(*fits, strict=True))  # R [F, D]
        return {
            "dci_disentanglement": concentration(R.T),
            "dci_completeness": concentration(R),
            "dci_informativeness": test.mean(),
            "dci_informativeness_train": train.mean(),
        }

    return with_interval(score, len(z), rng, bootstrap=bootstrap, confidence=confidence)


def estimator(importance: str, seed: int):
    """The classifier whose `feature_importances_` are the importances of the latents."""
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    if importance == "random_forest":
        # All latents at every split: among a random few, a tree must split on latents that tell nothing.
        return RandomForestClassifier(n_estimators=10, max_features=None, random_state=seed)
    return GradientBoostingClassifier(random_state=seed)


def concentration(R: np.ndarray) -> float:
    """1 - entropy of each row of R, to the base of its length, averaged by the rows' sums; in [0, 1].

    A row of one entry is concentrated by definition. All importances 0 give 0.
    """
    total = R.sum(axis=1, keepdims=True)
    if total.sum() == 0:
        return 0.0
    shares = np.divide(R, total, out=np.zeros_like(R), where=total > 0)
    base = np.log(max(2, R.shape[1]))
    return float(np.average(1 - entropy(shares) / base, weights=total[:, 0]))
