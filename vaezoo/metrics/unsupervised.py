"""Unsupervised posterior statistics, in nats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropy
from vaezoo.metrics.interval import bootstrap_interval


def per_latent(
    mean: ArrayLike,
    log_var: ArrayLike,
    mi_samples: ArrayLike | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, np.ndarray]:
    """KL, variances, and I(x; z_k) with its bounds (IMAE, Proposition 1) of each Gaussian latent, in nats.

    Args:
        mean: [N, d], of q(z | x).
        log_var: [N, d], of q(z | x).
        mi_samples: log q(z_k | x) - log q(z_k) [S, d] nats at samples of q(z), as `vaezoo.terms.dimension_mi` computes
            them from `vaezoo.encoding.dataset_aggregate_posterior`.
        seed: seeds the resamples.
        progress: show a bar over the resamples.
        bootstrap: resamples for the intervals, `_low` and `_high` of each key: of rows, and of the rows of
            `mi_samples` for `mi`; 0 for none.
        confidence: of the intervals.

    Returns:
        float64 [d] for every key; means over rows are taken in float64.

        kl                   E KL(q(z_k | x) || N(0, 1))
        var_mean, mean_var   Var[mu_k] and E[sigma_k^2]
        mi_lower, mi_upper   bounds on I(x; z_k) (IMAE, Eq. 5 and 4); the lower one holds where q(z_k) is Gaussian
        mi, mi_se            I(x; z_k), the mean of `mi_samples`, and its standard error; with `mi_samples` only

    Raises:
        ValueError: for bad shapes and NaN.
    """
    mean, log_var = inputs.check_posterior(mean, log_var, np.float32)
    options = {"bootstrap": bootstrap, "confidence": confidence, "progress": progress, "label": "per latent bootstrap"}
    rng = np.random.default_rng(seed)

    def of_rows(rows: np.ndarray) -> dict[str, np.ndarray]:
        columns = [latent_statistics(mean[rows, k], log_var[rows, k]) for k in range(mean.shape[1])]
        return {name: np.array([column[name] for column in columns]) for name in columns[0]}

    table = bootstrap_interval(of_rows, len(mean), rng, bounds=(0, np.inf), **options)
    if mi_samples is not None:
        information = inputs.check_codes(mi_samples, "mi_samples")
        mi = lambda rows: {"mi": information[rows].mean(axis=0)}  # noqa: E731
        table |= bootstrap_interval(mi, len(information), rng, bounds=(-np.inf, np.inf), **options)
        table["mi_se"] = information.std(axis=0, ddof=1) / np.sqrt(len(information))
    return table


def latent_statistics(mu: np.ndarray, lv: np.ndarray) -> dict[str, float]:
    """Computes KL, variances and bounds on I(x; z) of one latent, from its means and log-variances [N].

    lower = 1/2 log(1 + Var[mu] / E[sigma^2])                        IMAE, Eq. 5
    upper = 1/2 log(E[sigma^2] + Var[mu]) - 1/2 E[log sigma^2]       IMAE, Eq. 4
    """
    kl = gaussian_kl(mu, lv)
    mu, lv = mu.astype(np.float64), lv.astype(np.float64)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # log-variances beyond the range of exp
        var_mean, mean_var = mu.var(), np.exp(lv).mean()
        lower = 0.5 * np.log1p(var_mean / mean_var)
        upper = 0.5 * (np.log(mean_var + var_mean) - lv.mean())
    return {"kl": kl, "var_mean": var_mean, "mean_var": mean_var, "mi_lower": lower, "mi_upper": upper}


def gaussian_kl(mu: np.ndarray, lv: np.ndarray) -> float:
    """Returns E KL(q(z | x) || N(0, 1)) = E 1/2 (mu^2 + sigma^2 - 1 - log sigma^2) of one latent, in float64."""
    return 0.5 * (np.square(mu, dtype=np.float64) + np.expm1(lv, dtype=np.float64) - lv).mean()


def per_dimension_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Returns E KL(q(z_k | x) || N(0, 1)) of each latent, float64 [d], from mean and log_var [N, d]."""
    columns = zip(np.transpose(mean), np.transpose(log_var), strict=True)  # one at a time, to keep memory at [N]
    return np.array([gaussian_kl(mu, lv) for mu, lv in columns])


def active_units(
    mean: ArrayLike, *, threshold: float = 0.01, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """Number of latents that depend on the image: Var[E[z_k | x]] > threshold (Burda et al. 2016, section 3).

    Args:
        mean: [N, d], of q(z | x).
        threshold: least variance of an active latent.
        seed: seeds the resamples.
        bootstrap: resamples of rows for the interval; 0 for none.
        confidence: of the interval.

    Returns:
        `active_units`, with `active_units_low`, `active_units_high` on request.

    Raises:
        ValueError: for bad shapes and NaN.
    """
    mean = inputs.check_codes(mean, "mean")

    def score(rows: np.ndarray) -> dict[str, float]:
        return {"active_units": np.count_nonzero(mean[rows].var(axis=0, dtype=np.float64) > threshold)}

    options = {"bootstrap": bootstrap, "confidence": confidence, "bounds": (0, mean.shape[1])}
    return bootstrap_interval(score, len(mean), np.random.default_rng(seed), **options)


def class_information(
    probs: Sequence[ArrayLike], *, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """Information of categorical latents, I(x; y) = H(mean_x q(y | x)) - mean_x H(q(y | x)) (IMAE, Eq. 7).

    Args:
        probs: q(y | x) [N, K] of each categorical block.
        seed: seeds the resamples.
        bootstrap: resamples of rows for the interval; 0 for none.
        confidence: of the interval.

    Returns:
        `mi_y`, or `mi_y_0`, `mi_y_1`, ... of several blocks, each from 0 to log K nats, with `_low` and `_high` on
        request.

    Raises:
        ValueError: for arrays that are not probabilities.
    """
    blocks = [inputs.check_probabilities(p, len(probs[0])) for p in probs]
    given_x = [entropy(p) for p in blocks]
    names = ["mi_y"] if len(blocks) == 1 else [f"mi_y_{i}" for i in range(len(blocks))]

    def score(rows: np.ndarray) -> dict[str, float]:
        values = [entropy(p[rows].mean(axis=0)) - h[rows].mean() for p, h in zip(blocks, given_x, strict=True)]
        return {name: max(0.0, value) for name, value in zip(names, values, strict=True)}

    options = {"bootstrap": bootstrap, "confidence": confidence, "bounds": (0, np.inf)}
    return bootstrap_interval(score, len(blocks[0]) if blocks else 1, np.random.default_rng(seed), **options)
