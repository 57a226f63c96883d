"""Mutual information gap (MIG), with the information computed from the aggregate posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropies, entropy
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.mig import gap
from vaezoo.metrics.rows import UpTo, draw

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK = 1 << 22  # values of q(z|x) at once, 32 MB


def chen_mig(
    mean: ArrayLike,
    log_var: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    probabilities: Sequence[ArrayLike] = (),
    resolution: int = 4096,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Mutual information gap (Chen et al. 2018, Eq. 6), by the aggregate posterior (their Eq. 5).

        I(z_j; v_k) = H(q(z_j)) - sum_v p(v) H(q(z_j | v_k = v)),   q(z_j | v_k = v) = mean over x with v of q(z_j | x)

    The paper samples z to estimate both entropies; here they are integrals over a line, computed by quadrature, so
    the only sampling error is that of the rows. The line extends 6 times the greatest standard deviation beyond the
    means, in steps of half the least one. Standard deviations below 2/`resolution` of the line are raised to that,
    which limits the number of steps and gives latents without noise a finite entropy.

    The paper uses the whole data set: `num_train=None` (N·D·steps exponentials, under a minute for dSprites).

    Args:
        mean: [N, D], of the Gaussian posterior q(z|x).
        log_var: [N, D], of the Gaussian posterior q(z|x).
        factors: [N, F], discrete.
        seed: seeds the draw of the rows, and the resamples.
        num_train: rows of the aggregate posterior, None for all. The default takes all if there are fewer.
        probabilities: q(y|x) [N, K] of each categorical latent, whose information is an exact sum.
        resolution: approximately the greatest number of steps of the quadrature.
        bootstrap: resamples of rows for the interval, each as expensive as the score itself; 0 for none.
        confidence: of the interval.

    Returns:
        `chen_mig` in [0, 1], with `chen_mig_low`, `chen_mig_high` on request.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, probabilities that do not sum to 1, means and
            deviations whose range exceeds float64.
    """
    mean, factors = inputs.check(mean, factors)
    mean, log_var = inputs.check_posterior(mean, log_var)
    q_y = [inputs.check_probabilities(q, len(mean)) for q in probabilities]
    rng = np.random.default_rng(seed)
    (rows,) = draw(len(mean), rng, num_train=num_train)
    with np.errstate(over="ignore"):
        mean, sd = mean[rows], np.exp(0.5 * log_var[rows])
        reach = np.max(np.ptp(mean, axis=0) + 12 * sd.max(axis=0))
    if not np.isfinite(reach):
        raise ValueError(
            "`mean` and `log_var` must span a finite line. "
            f"Received means up to {np.abs(mean).max():.4g} and log-variances up to {log_var[rows].max():.4g}."
        )
    v = inputs.classes(factors[rows])
    q_y = [q[rows] for q in q_y]

    def score(rows: np.ndarray) -> dict[str, float]:
        membership, weights = class_means(v[rows])
        continuous = [
            gaussian_entropies(m, s, membership, resolution) for m, s in zip(mean[rows].T, sd[rows].T, strict=True)
        ]
        categorical = [entropy(membership @ q[rows]) for q in q_y]
        H = np.stack(continuous + categorical)  # [D, 1 + V]: H(q(z_j)), then H(q(z_j|v)) of every value of every factor
        information = np.maximum(H[:, :1] - H[:, 1:] @ weights, 0.0)  # [D, F]
        return {"chen_mig": gap(information, entropies(v[rows])).mean()}

    return bootstrap_interval(score, len(mean), rng, bootstrap=bootstrap, confidence=confidence)


def class_means(v: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Returns the averages over all rows and over the rows of each factor value, as one sparse matrix.

    Args:
        v: classes of the factors [N, F].

    Returns:
        `membership` [1 + V, N], V = sum_k V_k, such that membership @ q(z|x) is q(z) followed by every q(z|v_k); and
        `weights` [V, F] with p(v_k = v) in column k.
    """
    with extra("metrics"):
        from scipy import sparse

    n, num_factors = v.shape
    levels = v.max(axis=0) + 1
    first = np.cumsum(levels) - levels  # [F], offset of the values of factor k
    counts = np.bincount((v + first).ravel(), minlength=levels.sum())
    cells = np.concatenate([np.zeros((n, 1), np.int64), v + first + 1], axis=1)  # [N, 1 + F]
    values = 1 / np.concatenate([[n], np.maximum(counts, 1)])[cells]
    rows = np.broadcast_to(np.arange(n)[:, None], cells.shape)
    membership = sparse.csr_array((values.ravel(), (cells.ravel(), rows.ravel())), shape=(1 + len(counts), n))
    weights = (np.repeat(np.arange(num_factors), levels)[:, None] == np.arange(num_factors)) * counts[:, None] / n
    return membership, weights


def gaussian_entropies(mean: np.ndarray, sd: np.ndarray, membership: csr_array, resolution: int) -> np.ndarray:
    """Returns the entropies [1 + V] in nats of mixtures, one per row of `membership`, of Gaussians N(mean, sd²) [N]."""
    span = mean.max() - mean.min()
    sd = np.maximum(sd, max(2 * (span + 12 * sd.max()) / resolution, 1e-100))
    steps = int(np.ceil(2 * (span + 12 * sd.max()) / sd.min()))
    z, step = np.linspace(mean.min() - 6 * sd.max(), mean.max() + 6 * sd.max(), steps + 1, retstep=True)
    density = np.zeros((membership.shape[0], steps + 1))
    size = max(1, CHUNK // len(z))
    for start in range(0, len(mean), size):
        part = slice(start, start + size)
        standard = (z - mean[part, None]) / sd[part, None]  # [chunk, steps + 1]
        density += membership[:, part] @ (np.exp(-0.5 * standard**2) / (np.sqrt(2 * np.pi) * sd[part, None]))
    return entropy(density) * step
