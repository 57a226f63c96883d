"""FactorVAE score, the disentanglement metric of the FactorVAE paper."""

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics.fixed_factor import FullGrid, Grid, MatchingRows, fixed_factor
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.rows import UpTo, check_count, draw
from vaezoo.metrics.scaling import exponents, to_unit_range


def factor_vae_score(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    grid: Grid | None = None,
    num_train: int = 10_000,
    num_test: int = 5_000,
    num_variance: int | None = UpTo(10_000),
    batch_size: int = 64,
    threshold: float = 0.05,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Accuracy of a majority vote that predicts the fixed factor from the latent of least variance (Kim & Mnih 2018).

        d* = argmin_d Var_L[z_d] / Var[z_d] over L images sharing factor k;  predict argmax_k votes(d*, k)

    Protocol (disentanglement_lib, `factor_vae_metric.gin`): 10,000 votes to train, 5,000 to test, L = 64
    images in each; k uniform; global variances from 10,000 rows (all, if there are fewer); latents with a
    standard deviation below 0.05 pruned. The reference reports the number of all latents as that of the active
    ones; here pruned ones are not counted. The metric is defined in section 3 of the paper.

    Images are drawn with replacement, and training and test share all rows. If rows are matched and a factor has few
    for each value, the same groups recur in training and test, and useless codes score above 1/F; a warning says so.

    Args:
        codes: [N, D], the mean representation.
        factors: [N, F], F >= 2, discrete.
        seed: seeds the draw of the images, and the resamples.
        grid: has `sizes`, if the rows are a full grid in its order (a FactorGrid); None to match rows.
        num_train: votes to train.
        num_test: votes to test.
        num_variance: rows for the global variance, None for all. The default takes all if there are fewer.
        batch_size: L, images per vote.
        threshold: least standard deviation of an active latent.
        bootstrap: resamples of test votes for the interval, with the classifier kept; 0 for none. The interval has no
            width if every test vote is correct: see `vaezoo.metrics.interval`.
        confidence: of the interval.

    Returns:
        `factor_vae_score`, the test accuracy in [0, 1] (about 1/F for useless codes, 0 if no latent is
        active), `factor_vae_score_train`, `factor_vae_active_latents`, and `factor_vae_score_low`,
        `factor_vae_score_high` on request.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, fewer than 2 factors, a grid that does not
            match the factors, no votes.
    """
    check_count(1, num_train=num_train, num_test=num_test)
    check_count(2, batch_size=batch_size)
    codes, draws = fixed_factor(codes, factors, grid, "factor_vae_score")
    rng = np.random.default_rng(seed)
    (rows,) = draw(len(codes), rng, num_variance=num_variance)
    z = to_unit_range(codes)
    sd = z[rows].std(axis=0, ddof=1)
    least = np.ldexp(float(threshold), -exponents(codes).clip(-1000))  # as z is scaled
    active = (sd >= least) & (np.ptp(z[rows], axis=0) > 0)
    z = z[:, active] / sd[active]

    train, test = np.zeros(num_train, bool), np.zeros(num_test, bool)
    if active.any():
        (d_train, k_train), (d_test, k_test) = (votes(z, draws, n, batch_size, rng) for n in (num_train, num_test))
        table = np.zeros((active.sum(), draws.num_factors), np.int64)
        np.add.at(table, (d_train, k_train), 1)
        majority = table.argmax(axis=1)  # [active latents] -> factor
        train, test = majority[d_train] == k_train, majority[d_test] == k_test

    def score(rows: np.ndarray) -> dict[str, float]:
        return {"factor_vae_score": test[rows].mean()}

    return bootstrap_interval(score, num_test, rng, bootstrap=bootstrap, confidence=confidence) | {
        "factor_vae_score_train": float(train.mean()),
        "factor_vae_active_latents": float(active.sum()),
    }


def votes(
    z: np.ndarray, draws: FullGrid | MatchingRows, count: int, batch_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws votes (d*, k): the latents [count] of least variance over images that share the factors [count]."""
    shared = rng.integers(draws.num_factors, size=count)
    latent = np.empty(count, np.int64)
    for k in range(draws.num_factors):
        of_k = np.flatnonzero(shared == k)
        for part in np.array_split(of_k, 1 + len(of_k) // 1000):
            anchors = draws.anchors(k, len(part), rng)
            images = draws.sharing(np.repeat(anchors[:, None], batch_size, axis=1), k, rng)  # [part, L]
            latent[part] = z[images].var(axis=1).argmin(axis=1)
    return latent, shared
