"""Disentanglement, completeness and informativeness, from the importance of each latent to each factor."""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropy
from vaezoo.metrics.interval import with_interval
from vaezoo.metrics.parallel import bar_of, over_cores
from vaezoo.metrics.rows import UpTo, draw
from vaezoo.metrics.scaling import for_trees

NAMES = {"gradient_boosting": "dci", "random_forest": "dci_forest"}  # importance -> what its scores are called
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
    gradient boosted trees at their defaults, one classifier per factor. `importance="random_forest"`, the
    paper's choice beside the lasso, is the faster estimator: 10 trees per factor, every latent a candidate at
    every split. Its scores compare only among themselves and have names of their own. The reference weighs
    the factors in C by their importance, as D does the latents; the paper averages them: for trees, whose
    importances sum to 1, these are one.

    The longest fit, that of the factor with most values, bounds what more cores can gain: its trees are grown
    one after another.

    Args:
        codes: [N, D].
        factors: [N, F], F >= 2, discrete, or numbers if `continuous`.
        seed: draws the rows, seeds the trees, draws the resamples.
        importance: "gradient_boosting" or "random_forest".
        continuous: the same trees as regressors, for all factors; I is then the mean R², named so. Of a set with
            factors of both kinds score those of each kind in a call of its own.
        num_train, num_test: rows to train and others to test. Of fewer than both defaults two thirds train. None takes
            all that the other leaves; None for both, all rows, two thirds to train.
        return_matrix: return the matrix of importances too.
        progress: show a bar over the trees; with `bootstrap`, over the resamples.
        bootstrap: resamples of the training and of the test rows for the interval, all trees fitted again for each,
            since D and C know nothing of the test; 0 for none. A warning says how many fits that makes.
        confidence: of the interval.

    Returns:
        `dci_disentanglement`, `dci_completeness`, `dci_informativeness` (on the test rows),
        `dci_informativeness_train`, all in [0, 1], and `_low`, `_high` of the first three on request; of random
        forests `dci_forest_disentanglement` and so on; with `continuous`, `dci_r2` and `dci_r2_train`, up to 1, in the
        place of informativeness. If no latent has any importance, D = C = 0; a single latent is complete. With
        `return_matrix` also `dci_matrix`, float64 [D, F] of R_dk, by the same trees; it is named so for forests too.

    Raises:
        ValueError: bad shapes, NaN, a constant factor, a continuous one without `continuous`, fewer than 2
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

    def fit(k: int, rows: np.ndarray, test: np.ndarray, bar) -> tuple[np.ndarray, float, float]:
        model = estimator(importance, continuous, seed)
        if importance == "gradient_boosting":
            model.fit(z[rows], v[rows, k], monitor=lambda *_: grown(bar, growing[k]))
        else:
            model.fit(z[rows], v[rows, k])
            grown(bar, TREES[importance])
        return model.feature_importances_, model.score(z[rows], v[rows, k]), model.score(z_test[test], v_test[test, k])

    name, told = NAMES[importance], "r2" if continuous else "informativeness"
    in_training, matrices = [], []  # the first of each is the sample's own

    def score(rows: np.ndarray) -> dict[str, float]:
        train, test = rows[rows < len(z)], rows[rows >= len(z)] - len(z)
        with bar_of(TREES[importance] * sum(growing), f"{name} trees", progress and not bootstrap) as bar:
            fits = over_cores(fit, [(k, train, test, bar) for k in longest_first], name, False)
        R, train_scores, test_scores = (np.array(column) for column in zip(*fits, strict=True))  # R [F, D]
        in_training.append(float(train_scores.mean()))
        matrices.append(R[np.argsort(longest_first)].T)
        return {
            f"{name}_disentanglement": concentration(R.T),
            f"{name}_completeness": concentration(R),
            f"{name}_{told}": test_scores.mean(),
        }

    options = {"bounds": (-np.inf if continuous else 0, 1), "label": f"{name} bootstrap", "progress": progress}
    scores = with_interval(score, len(z) + len(z_test), rng, bootstrap=bootstrap, confidence=confidence, **options)
    scores |= {f"{name}_{told}_train": in_training[0]}
    return scores | ({"dci_matrix": matrices[0]} if return_matrix else {})


def grown(bar, trees: int) -> bool:
    """Move the bar, from any thread; False, since boosting stops where its monitor says otherwise."""
    with bar.get_lock():
        bar.update(trees)
    return False


def estimator(importance: str, continuous: bool, seed: int):
    """The classifier, or regressor, whose `feature_importances_` are the importances of the latents."""
    with extra("metrics"):
        from sklearn import ensemble

    kind = "Regressor" if continuous else "Classifier"
    if importance == "random_forest":
        # All latents at every split: among a random few, a tree must split on latents that tell nothing.
        forest = getattr(ensemble, f"RandomForest{kind}")
        return forest(n_estimators=TREES[importance], max_features=None, random_state=seed)
    return getattr(ensemble, f"GradientBoosting{kind}")(n_estimators=TREES[importance], random_state=seed)


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
