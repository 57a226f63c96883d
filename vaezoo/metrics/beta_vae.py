"""BetaVAE score, the disentanglement metric of the beta-VAE paper."""

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics.fixed_factor import FullGrid, Grid, MatchingRows, fixed_factor
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.rows import check_count
from vaezoo.metrics.scaling import check_scale


def beta_vae_score(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    grid: Grid | None = None,
    num_train: int = 10_000,
    num_test: int = 5_000,
    batch_size: int = 64,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Accuracy of a linear classifier that predicts which factor was held fixed (Higgins et al. 2017, section 3).

        z_diff = mean over L pairs of |z_1 - z_2|,  both images of a pair sharing factor k;  predict k from z_diff

    Protocol (disentanglement_lib, `beta_vae_sklearn.gin`): 10,000 points to train, 5,000 to test, L = 64
    pairs in each; k uniform; scikit-learn's logistic regression with its default arguments (here with up to 1,000
    iterations, so that it converges). As in the reference, the codes are not standardised. The default classifier is
    multinomial since scikit-learn 0.22 and was one-vs-rest at the time of the reference; the paper only requires a
    linear classifier. The difference is small, because a fixed factor puts z_diff at an end of its axis: within 0.002
    for codes along the factors, and up to 0.03 in favour of the multinomial one for rotated codes.

    Pairs are drawn with replacement, and training and test share all rows. If rows are matched, a row is never its own
    partner, because the small z_diff would reveal factors with few rows for each value. The pairs of such factors
    still recur in training and test, so that useless codes score above 1/F; a warning says so.

    Args:
        codes: [N, D].
        factors: [N, F], F >= 2, discrete.
        seed: seeds the draw of the pairs, and the resamples.
        grid: has `sizes`, if the rows are a full grid in its order (a FactorGrid); None to match rows.
        num_train: points (z_diff, k) to train.
        num_test: points (z_diff, k) to test.
        batch_size: L, pairs per point.
        bootstrap: resamples of test points for the interval, with the classifier kept; 0 for none. The interval has no
            width if every test point is predicted correctly: see `vaezoo.metrics.interval`.
        confidence: of the interval.

    Returns:
        `beta_vae_score`, the test accuracy in [0, 1] (about 1/F for useless codes), `beta_vae_score_train`, and
        `beta_vae_score_low`, `beta_vae_score_high` on request.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, fewer than 2 factors, a grid that does not
            match the factors, no points; for codes beyond 1e20, since the classifier's penalty depends on their scale.
    """
    with extra("metrics"):
        from sklearn.linear_model import LogisticRegression

    check_count(1, num_train=num_train, num_test=num_test, batch_size=batch_size)
    codes, draws = fixed_factor(codes, factors, grid, "beta_vae_score")
    check_scale(codes, "the beta-VAE score's logistic regression")
    rng = np.random.default_rng(seed)
    z_train, k_train = differences(codes, draws, num_train, batch_size, rng)
    z_test, k_test = differences(codes, draws, num_test, batch_size, rng)
    classifier = LogisticRegression(max_iter=1000).fit(z_train, k_train)
    correct = classifier.predict(z_test) == k_test

    def score(rows: np.ndarray) -> dict[str, float]:
        return {"beta_vae_score": correct[rows].mean()}

    train = {"beta_vae_score_train": float(classifier.score(z_train, k_train))}
    return bootstrap_interval(score, num_test, rng, bootstrap=bootstrap, confidence=confidence) | train


def differences(
    codes: np.ndarray, draws: FullGrid | MatchingRows, points: int, batch_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws z_diff [points, D] and the factor [points], drawn uniformly, that the pairs of each share."""
    shared = rng.integers(draws.num_factors, size=points)
    z_diff = np.zeros((points, codes.shape[1]))
    for k in range(draws.num_factors):
        of_k = np.flatnonzero(shared == k)
        for _ in range(batch_size):  # one pair of every point at a time, to keep memory at [points, D]
            first = draws.anchors(k, len(of_k), rng)
            second = draws.partners(first, k, rng)
            z_diff[of_k] += np.abs(codes[first] - codes[second])
    return z_diff / batch_size, shared
