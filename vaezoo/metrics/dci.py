"""DCI: disentanglement, completeness and informativeness, from the importance of each latent for each factor."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropy
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.parallel import thread_map
from vaezoo.metrics.rows import UpTo, draw
from vaezoo.metrics.scaling import for_trees
from vaezoo.progress import progress_bar

if TYPE_CHECKING:
    from sklearn.ensemble import BaseEnsemble
    from tqdm import tqdm

NAMES = {"gradient_boosting": "dci", "random_forest": "dci_forest"}  # importance -> prefix of its scores
TREES = {"gradient_boosting": 100, "random_forest": 10}


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    importance: str = "gradient_boosting",
    continuous: bool = False,
    num_train: int | None = UpTo(10_000),
    num_test: int | None = UpTo(5_000),
    return_matrix: bool = False,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float | np.ndarray]:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018, section 2).

        R_dk = importance of latent d for predicting factor k
        D = sum_d rho_d (1 - H_F(R_d. / sum_k R_dk)),  rho_d = sum_k R_dk / sum R      entropy to base F
        C = sum_k rho_k (1 - H_D(R_.k / sum_d R_dk)),  rho_k = sum_d R_dk / sum R      entropy to base D
        I = mean_k accuracy of the prediction

    Protocol (disentanglement_lib, `dci.gin`): 10,000 rows to train, 5,000 others to test, scikit-learn's
    gradient boosted trees with their default arguments, one classifier per factor. `importance="random_forest"`, one
    of the paper's choices, is faster: 10 trees per factor, every latent a candidate at every split. Its scores are not
    comparable with those of boosting and have other names. The reference weights the factors in C by their importance,
    as D does the latents, and the paper averages them: for trees, whose importances sum to 1, both are equal.

    More cores help up to the time of the longest fit, that of the factor with most values, whose trees are grown one
    after another.

    Args:
        codes: [N, D].
        factors: [N, F], F >= 2, discrete, or numbers if `continuous`.
        seed: seeds the draw of the rows, the trees, and the resamples.
        importance: "gradient_boosting" or "random_forest".
        continuous: use regressors, for all factors; I is then the mean R². If a data set has factors of both kinds,
            score each kind in a separate call.
        num_train: rows to train. None takes all that `num_test` leaves. If there are fewer rows than both defaults, or
            both are None, two thirds of all rows train and one third tests.
        num_test: other rows, to test; as `num_train`.
        return_matrix: also return the matrix of importances.
        progress: show a bar over the trees, or over the resamples if there are any.
        bootstrap: resamples of the training and of the test rows for the interval; 0 for none. All trees are refitted
            for each of them, since D and C do not depend on the test. A warning gives the number of fits.
        confidence: of the interval.

    Returns:
        `dci_disentanglement`, `dci_completeness`, `dci_informativeness` (on the test rows),
        `dci_informativeness_train`, all in [0, 1], and `_low`, `_high` of the first three on request; of random
        forests `dci_forest_disentanglement` and so on; with `continuous`, `dci_r2` and `dci_r2_train`, up to 1, instead
        of informativeness. If no latent has any importance, D = C = 0; a single latent has C = 1. With `return_matrix`
        also `dci_matrix`, float64 [D, F] of R_dk, of the same trees; forests use the same name.

    Raises:
        ValueError: for bad shapes, NaN, a constant factor, a continuous one without `continuous`, fewer than 2
            factors, an unknown `importance`.
    """
    if importance not in NAMES:
        raise ValueError(f"Unknown importance {importance!r}. Choose from: {', '.join(NAMES)}.")
    codes, factors = inputs.check(codes, factors)
    inputs.at_least_two_factors(factors, "dci")
    rng = np.random.default_rng(seed)
    rows = draw(len(codes), rng, num_train=num_train, num_test=num_test)
    latents = for_trees(codes)
    v = (inputs.numbers if continuous else inputs.classes)(factors[np.concatenate(rows)])
    (z, z_test), (v, v_test) = (latents[r] for r in rows), np.split(v, [len(rows[0])])
    sizes = [1 if continuous else len(np.unique(v_k)) for v_k in v.T]
    growing = [size if size > 2 and importance == "gradient_boosting" else 1 for size in sizes]  # trees at a time
    longest_first = np.argsort(np.negative(sizes), kind="stable")  # to keep every core busy to the end
    if bootstrap:
        fits = f"{bootstrap} resamples x {v.shape[1]} factors = {bootstrap * v.shape[1]}"
        warnings.warn(f"The intervals of `dci` refit its trees: {fits} fits beside those of the score.", stacklevel=2)

    def fit(k: int, rows: np.ndarray, test: np.ndarray, bar: tqdm) -> tuple[np.ndarray, float, float]:
        model = estimator(importance, continuous, seed)
        if importance == "gradient_boosting":
            model.fit(z[rows], v[rows, k], monitor=lambda *_: grown(bar, growing[k]))
        else:
            model.fit(z[rows], v[rows, k])
            grown(bar, TREES[importance])
        return model.feature_importances_, model.score(z[rows], v[rows, k]), model.score(z_test[test], v_test[test, k])

    name, quality = NAMES[importance], "r2" if continuous else "informativeness"
    in_training, matrices = [], []  # the first item of each is of the sample itself

    def score(rows: np.ndarray) -> dict[str, float]:
        train, test = rows[rows < len(z)], rows[rows >= len(z)] - len(z)
        with progress_bar(TREES[importance] * sum(growing), f"{name} trees", progress and not bootstrap) as bar:
            fits = thread_map(fit, [(k, train, test, bar) for k in longest_first], name, False)
        R, train_scores, test_scores = (np.array(column) for column in zip(*fits, strict=True))  # R [F, D]
        in_training.append(float(train_scores.mean()))
        matrices.append(R[np.argsort(longest_first)].T)
        return {
            f"{name}_disentanglement": concentration(R.T),
            f"{name}_completeness": concentration(R),
            f"{name}_{quality}": test_scores.mean(),
        }

    options = {"bounds": (-np.inf if continuous else 0, 1), "label": f"{name} bootstrap", "progress": progress}
    scores = bootstrap_interval(score, len(z) + len(z_test), rng, bootstrap=bootstrap, confidence=confidence, **options)
    scores |= {f"{name}_{quality}_train": in_training[0]}
    return scores | ({"dci_matrix": matrices[0]} if return_matrix else {})


def grown(bar: tqdm, trees: int) -> bool:
    """Moves the bar, from any thread; returns False, with which a monitor lets boosting continue."""
    with bar.get_lock():
        bar.update(trees)
    return False


def estimator(importance: str, continuous: bool, seed: int) -> BaseEnsemble:
    """Returns the classifier, or regressor, whose `feature_importances_` are the importances of the latents."""
    with extra("metrics"):
        from sklearn import ensemble

    kind = "Regressor" if continuous else "Classifier"
    if importance == "random_forest":
        # All latents at every split: if only a random few are candidates, trees split on uninformative latents.
        forest = getattr(ensemble, f"RandomForest{kind}")
        return forest(n_estimators=TREES[importance], max_features=None, random_state=seed)
    return getattr(ensemble, f"GradientBoosting{kind}")(n_estimators=TREES[importance], random_state=seed)


def concentration(R: np.ndarray) -> float:
    """Returns 1 - entropy of each row of R, to the base of its length, averaged by the rows' sums; in [0, 1].

    A row of one entry has entropy 0. If all importances are 0, the result is 0.
    """
    total = R.sum(axis=1, keepdims=True)
    if total.sum() == 0:
        return 0.0
    shares = np.divide(R, total, out=np.zeros_like(R), where=total > 0)
    base = np.log(max(2, R.shape[1]))
    return float(np.average(1 - entropy(shares) / base, weights=total[:, 0]))
