"""What a posterior says of itself, without factors or labels. Everything is in nats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.aggregate import check_posterior
from vaezoo.metrics.aggregate_posterior import check_probabilities
from vaezoo.metrics.information import entropy
from vaezoo.metrics.interval import with_interval
from vaezoo.terms import AggregatePosterior, dimension_mi, information_bounds, posterior_moments


def per_latent(
    mean: ArrayLike,
    log_var: ArrayLike,
    q: AggregatePosterior | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, np.ndarray]:
    """KL, I(x; z_k) and its bounds (IMAE, Proposition 1) of each Gaussian latent on its own, in nats.

    Returns float64 [d] for every key. Means over rows are taken in float64.

    kl                   E KL(q(z_k | x) || N(0, 1))
    var_mean, mean_var   Var[mu_k] and E[sigma_k^2]
    mi_lower, mi_upper   bounds on I(x; z_k) (IMAE, Proposition 1); the lower one where q(z_k) is Gaussian
    mi, mi_se            I(x; z_k) by the samples of `q` (see `aggregate`), and its standard error; with `q` only

    Args:
        mean, log_var: [N, d], of q(z | x).
        q: of the same posterior, by `aggregate`.
        seed: draws the resamples.
        progress: show a bar over the resamples.
        bootstrap: resamples for the intervals, `_low` and `_high` of each key: of rows, and of the samples of `q`
            for `mi`; 0 for none.
        confidence: of the intervals.

    Raises:
        ValueError: bad shapes, NaN.
    """
    mean, log_var = check_posterior(mean, log_var)
    options = {"bootstrap": bootstrap, "confidence": confidence, "progress": progress, "label": "per latent bootstrap"}
    rng = np.random.default_rng(seed)

    def of_rows(rows: np.ndarray) -> dict[str, np.ndarray]:
        latents = (np.s_[rows, k : k + 1] for k in range(mean.shape[1]))  # one at a time, to keep memory at [N]
        parts = [
            (per_dimension_kl(m, v), *posterior_moments(m, v)) for m, v in ((mean[k], log_var[k]) for k in latents)
        ]
        kl, *moments = (np.concatenate(part) for part in zip(*parts, strict=True))
        values = [kl, *moments[:2], *information_bounds(*moments)]
        names = ("kl", "var_mean", "mean_var", "mi_lower", "mi_upper")
        return {name: np.asarray(value) for name, value in zip(names, values, strict=True)}

    table = with_interval(of_rows, len(mean), rng, bounds=(0, np.inf), **options)
    if q is not None:
        information = dimension_mi(q).numpy().astype(np.float64)  # [S, d]
        mi = lambda rows: {"mi": information[rows].mean(axis=0)}  # noqa: E731
        table |= with_interval(mi, len(information), rng, bounds=(-np.inf, np.inf), **options)
        table["mi_se"] = information.std(axis=0, ddof=1) / np.sqrt(len(information))
    return table


def per_dimension_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """E KL(q(z_k | x) || N(0, 1)) = E 1/2 (mu_k^2 + sigma_k^2 - 1 - log sigma_k^2), float64 [d], from two [N, d]."""
    columns = zip(np.transpose(mean), np.transpose(log_var), strict=True)  # one at a time, to keep memory at [N]
    terms = (np.square(mu, dtype=np.float64) + np.expm1(lv, dtype=np.float64) - lv for mu, lv in columns)
    return np.array([0.5 * term.mean() for term in terms])


def active_units(
    mean: ArrayLike, *, threshold: float = 0.01, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """How many latents depend on the image: Var[E[z_k | x]] > threshold (Burda et al. 2016, section 3).

    mean: [N, d]. seed, bootstrap, confidence: resamples of rows for the interval, as of every score.
    Returns `active_units`, with `_low` and `_high` on request. Raises ValueError for bad shapes and NaN.
    """
    mean = inputs.check_codes(mean, "mean")

    def score(rows: np.ndarray) -> dict[str, float]:
        return {"active_units": np.count_nonzero(mean[rows].var(axis=0, dtype=np.float64) > threshold)}

    options = {"bootstrap": bootstrap, "confidence": confidence, "bounds": (0, mean.shape[1])}
    return with_interval(score, len(mean), np.random.default_rng(seed), **options)


def class_information(
    probs: Sequence[ArrayLike], *, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """What categorical latents tell of the image: I(x; y) = H(mean_x q(y | x)) - mean_x H(q(y | x)) (IMAE, Eq. 7).

    probs: a [N, K] of q(y | x) for each block. seed, bootstrap, confidence: resamples of rows for the interval, as of
    every score. Returns `mi_y`, or `mi_y_0`, `mi_y_1`, ... of several blocks, each from 0 to log K nats, with `_low`
    and `_high` on request. Raises ValueError for anything but probabilities.
    """
    blocks = [check_probabilities(p, len(probs[0])) for p in probs]
    given_x = [entropy(p) for p in blocks]
    names = ["mi_y"] if len(blocks) == 1 else [f"mi_y_{i}" for i in range(len(blocks))]

    def score(rows: np.ndarray) -> dict[str, float]:
        values = [entropy(p[rows].mean(axis=0)) - h[rows].mean() for p, h in zip(blocks, given_x, strict=True)]
        return {name: max(0.0, value) for name, value in zip(names, values, strict=True)}

    options = {"bootstrap": bootstrap, "confidence": confidence, "bounds": (0, np.inf)}
    return with_interval(score, len(blocks[0]) if blocks else 1, np.random.default_rng(seed), **options)
