"""Unsupervised disentanglement ranking (UDR): similarity of the representations of several seeds."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.rows import UpTo, draw
from vaezoo.metrics.scaling import to_unit_range

CORRELATIONS = ("lasso", "spearman")


def udr(
    representations: Sequence[ArrayLike],
    *,
    kl: Sequence[ArrayLike] | None = None,
    correlation: str = "lasso",
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    threshold: float = 0.01,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Unsupervised disentanglement ranking (Duan et al. 2020, section 4).

        R_ij(a, b) = similarity of latent a of model i and latent b of model j, in absolute value
        UDR_ij = [sum_b r_b² / sum_a R(a, b) + sum_a r_a² / sum_b R(a, b)] / (D_i + D_j)
        r_a    = max_b R(a, b),   r_b = max_a R(a, b),   UDR_j = median over i of UDR_ij

    over the informative latents of each model, D_i and D_j of them: those with a mean KL above 0.01 nats.
    Similarity is the weight of a in a lasso regression (alpha 0.1) of b on model i, or the Spearman rank
    correlation.

    Protocol (disentanglement_lib, `udr.py`). The reference averages over b and over a, then takes the mean of the
    two, which equals the paper's equation only if D_i = D_j; this is the paper's equation. The reference has no
    default number of rows (1,000 in its tests); here it is 10,000, the same ones for every model.

    Args:
        representations: at least two arrays [N, D_i], the codes of the same N images by models of several
            seeds.
        kl: mean KL(q(z_a|x) || p(z_a)) [D_i] in nats of each model; None to use all latents that are not constant.
        correlation: "lasso" or "spearman".
        seed: seeds the draw of the rows, and the resamples.
        num_train: rows to use, None for all. The default takes all if there are fewer.
        threshold: KL in nats above which a latent is informative.
        progress: show a bar over the resamples, each of which refits every lasso.
        bootstrap: resamples of rows (images, not models) for the intervals; 0 for none.
        confidence: of the interval.

    Returns:
        `udr_0`, `udr_1`, ... of each model, in [0, 1] by Spearman, and `udr`, their mean; `_low`, `_high` of
        each on request. A pair in which neither model has an informative latent scores 0.

    Raises:
        ValueError: for fewer than two representations, different N, NaN, `kl` of other shapes, an unknown
            `correlation`.
    """
    if correlation not in CORRELATIONS:
        raise ValueError(f"Unknown correlation {correlation!r}. Choose from: {', '.join(CORRELATIONS)}.")
    codes = [to_unit_range(inputs.check_codes(z, f"representations[{i}]")) for i, z in enumerate(representations)]
    if len(codes) < 2 or len({len(z) for z in codes}) > 1:
        raise ValueError(
            f"`representations` must be at least two arrays with the same N. Received {[list(z.shape) for z in codes]}."
        )
    if kl is not None and [np.shape(kl_i) for kl_i in kl] != [(z.shape[1],) for z in codes]:
        raise ValueError(
            "`kl` must hold one value per latent of each representation. "
            f"Received {[list(np.shape(kl_i)) for kl_i in kl]} for {[list(z.shape) for z in codes]}."
        )
    rng = np.random.default_rng(seed)
    (rows,) = draw(len(codes[0]), rng, num_train=num_train)
    informative = [True] * len(codes) if kl is None else [np.asarray(kl_i) > threshold for kl_i in kl]
    codes = [z[rows][:, keep & (np.ptp(z[rows], axis=0) > 0)] for z, keep in zip(codes, informative, strict=True)]

    def score(rows: np.ndarray) -> dict[str, float]:
        z = [standardise(z_i[rows], correlation) for z_i in codes]
        pairs = np.full((len(z), len(z)), np.nan)
        for i, j in permutations(range(len(z)), 2):
            pairs[i, j] = pair_score(similarity(z[i], z[j], correlation))
        models = np.nanmedian(pairs, axis=0)
        return {f"udr_{j}": value for j, value in enumerate(models)} | {"udr": models.mean()}

    bounds = (0.0, 1.0 if correlation == "spearman" else np.inf)
    options = {"bounds": bounds, "label": "udr bootstrap", "progress": progress}
    return bootstrap_interval(score, len(rows), rng, bootstrap=bootstrap, confidence=confidence, **options)


def standardise(z: np.ndarray, correlation: str) -> np.ndarray:
    """Standardises each column of z, or of its ranks for the Spearman correlation."""
    with extra("metrics"):
        from scipy.stats import rankdata

    z = rankdata(z, axis=0) if correlation == "spearman" else z
    sd = z.std(axis=0)
    return (z - z.mean(axis=0)) / np.where(sd > 0, sd, 1)


def similarity(z_i: np.ndarray, z_j: np.ndarray, correlation: str) -> np.ndarray:
    """Returns R [D_i, D_j] of two standardised representations [N, D_i], [N, D_j]."""
    if 0 in (z_i.shape[1], z_j.shape[1]):
        return np.zeros((z_i.shape[1], z_j.shape[1]))
    if correlation == "spearman":
        return np.abs(z_i.T @ z_j) / len(z_i)
    with extra("metrics"):
        from sklearn.linear_model import Lasso

    return np.abs(np.atleast_2d(Lasso(alpha=0.1, tol=1e-8, max_iter=100_000).fit(z_i, z_j).coef_)).T


def pair_score(R: np.ndarray) -> float:
    """Returns UDR_ij of R [D_i, D_j]: near 1 if each latent of a model is similar to exactly one of the other's."""
    if R.size == 0:
        return 0.0
    best = [R.max(axis=axis) ** 2 for axis in (0, 1)]
    total = [R.sum(axis=axis) for axis in (0, 1)]
    shares = [np.divide(b, t, out=np.zeros_like(b), where=t > 0).sum() for b, t in zip(best, total, strict=True)]
    return float(sum(shares) / sum(R.shape))
