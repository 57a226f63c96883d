"""What a posterior says of itself, without factors or labels. Everything is in nats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.aggregate import check_posterior
from vaezoo.metrics.aggregate_posterior import check_probabilities
from vaezoo.metrics.information import entropy
from vaezoo.terms import AggregatePosterior, dimension_mi, information_bounds, posterior_moments


def per_latent(mean: ArrayLike, log_var: ArrayLike, q: AggregatePosterior | None = None) -> dict[str, np.ndarray]:
    """Each Gaussian latent on its own: float64 [d] for every key. Means over rows are taken in float64.

    kl                   E KL(q(z_k | x) || N(0, 1))
    var_mean, mean_var   Var[mu_k] and E[sigma_k^2]
    mi_lower, mi_upper   bounds on I(x; z_k) (IMAE, Proposition 1); the lower one where q(z_k) is Gaussian
    mi, mi_se            I(x; z_k) by the samples of `q` (see `aggregate`), and its standard error; with `q` only

    Args:
        mean, log_var: [N, d], of q(z | x).
        q: of the same posterior, by `aggregate`.

    Raises:
        ValueError: bad shapes, NaN.
    """
    mean, log_var = check_posterior(mean, log_var)
    moments = posterior_moments(mean, log_var)
    lower, upper = information_bounds(*moments)
    var_mean, mean_var, _ = moments
    table = {
        "kl": per_dimension_kl(mean, log_var),
        "var_mean": var_mean.numpy(),
        "mean_var": mean_var.numpy(),
        "mi_lower": lower.numpy(),
        "mi_upper": upper.numpy(),
    }
    if q is not None:
        information = dimension_mi(q).numpy().astype(np.float64)  # [S, d]
        table["mi"] = information.mean(axis=0)
        table["mi_se"] = information.std(axis=0, ddof=1) / np.sqrt(len(information))
    return {name: value.astype(np.float64) for name, value in table.items()}


def per_dimension_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """E KL(q(z_k | x) || N(0, 1)) = E 1/2 (mu_k^2 + sigma_k^2 - 1 - log sigma_k^2), float64 [d], from two [N, d]."""
    columns = zip(np.transpose(mean), np.transpose(log_var), strict=True)  # one at a time, to keep memory at [N]
    terms = (np.square(mu, dtype=np.float64) + np.expm1(lv, dtype=np.float64) - lv for mu, lv in columns)
    return np.array([0.5 * term.mean() for term in terms])


def active_units(mean: ArrayLike, *, threshold: float = 0.01) -> dict[str, float]:
    """How many latents depend on the image: Var[E[z_k | x]] > threshold (Burda et al. 2016, section 3).

    mean: [N, d]. Returns `active_units`. Raises ValueError for bad shapes and NaN.
    """
    variance = inputs.check_codes(mean, "mean").var(axis=0, dtype=np.float64)
    return {"active_units": float(np.count_nonzero(variance > threshold))}


def class_information(probs: Sequence[ArrayLike]) -> dict[str, float]:
    """What categorical latents tell of the image: I(x; y) = H(mean_x q(y | x)) - mean_x H(q(y | x)) (IMAE, Eq. 7).

    probs: a [N, K] of q(y | x) for each block. Returns `mi_y`, or `mi_y_0`, `mi_y_1`, ... of several blocks, each
    from 0 to log K nats. Raises ValueError for anything but probabilities.
    """
    blocks = [check_probabilities(p, len(p)) for p in probs]
    information = [max(0.0, float(entropy(p.mean(axis=0)) - entropy(p).mean())) for p in blocks]
    return {"mi_y" if len(blocks) == 1 else f"mi_y_{i}": value for i, value in enumerate(information)}
