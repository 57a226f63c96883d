"""UniBound: the least unique information that a latent has about a factor, and the synergy beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.partial_information import bounds, log_posteriors
from vaezoo.metrics.rows import UpTo


def unibound(
    mean: ArrayLike,
    log_var: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_samples: int | None = UpTo(1000),
    probabilities: Sequence[ArrayLike] = (),
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """UniBound, with the redundant and the synergistic information of each factor (Tokui & Sato 2022).

        UniBound = mean_k max_d max(0, I(v_k; z_d) - I(v_k; z_-d)) / H(v_k),   z_-d: all latents but z_d

    This is a lower bound on the unique information of the factor's best latent, the z_d of greatest I(v_k; z_d) -
    I(v_k; z_-d). The other scores are of the same latent: the other bounds on its unique information, and those on
    the information that it shares with the other latents (redundant), or has together with them alone (synergistic),
    as means over the factors of shares of H(v_k). `partial_information` has them for every latent and factor, in
    nats; it states the decomposition, and the estimate by the aggregate posterior. MIG compares the best latent with
    the second best, and so counts as disentangled what several others have together.

    The paper defines `unibound`; that the other bounds are reported for its latent is a choice made here.

    Args:
        mean: as for `partial_information`.
        log_var: as for `partial_information`.
        factors: as for `partial_information`.
        seed: as for `partial_information`; it seeds the resamples too.
        num_samples: as for `partial_information`.
        probabilities: as for `partial_information`.
        progress: as for `partial_information`.
        bootstrap: resamples of the samples of z for the intervals, which cover the error of their number, not that
            of the rows; 0 for none.
        confidence: of the intervals.

    Returns:
        `unibound`, `unibound_unique_upper`, `unibound_redundant_lower`, `unibound_redundant_upper`,
        `unibound_synergistic_lower` and `unibound_synergistic_upper`, in [0, 1], with `_low`, `_high` of each on
        request. For a perfect code the first two are 1 and the others 0.

    Raises:
        ValueError: as `partial_information`.

    References:
        Tokui & Sato 2022, "Disentanglement Analysis with Partial Information Decomposition".
    """
    options = {"seed": seed, "num_samples": num_samples, "probabilities": probabilities, "progress": progress}
    log_q, H = log_posteriors(mean, log_var, factors, **options)
    factor, latents = np.arange(len(H)), log_q.shape[1] // 2

    def score(samples: np.ndarray) -> dict[str, float]:
        information = H + log_q[samples].mean(axis=0)
        best = np.argmax(information[:latents] - information[latents:-1], axis=0)
        shares = {name: np.mean(bound[best, factor] / H) for name, bound in bounds(information).items()}
        return {"unibound": shares.pop("unique_lower")} | {f"unibound_{name}": s for name, s in shares.items()}

    rng = np.random.default_rng([seed, 1])
    return bootstrap_interval(score, len(log_q), rng, bootstrap=bootstrap, confidence=confidence)
