"""Mutual information gap (MIG), with the information estimated from binned codes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.information import discrete_information, discretize, entropies
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.rows import UpTo, draw


def gap(information: np.ndarray, entropy: np.ndarray) -> np.ndarray:
    """Returns (I_(1)k - I_(2)k) / H(v_k), [F] in [0, 1], from I [D, F] of latents and factors and H(v) [F], in nats.

    I_(1)k and I_(2)k are the largest and second largest information of a latent about factor k; with a single
    latent the second is 0.
    """
    information = np.concatenate([np.zeros_like(information[:1]), information])
    second, first = np.sort(information, axis=0)[-2:]
    # A resample can contain a single value of a factor, whose entropy is then 0.
    return np.divide(first - second, entropy, out=np.zeros_like(entropy), where=entropy > 0)


def mig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    bins: int = 20,
    discrete: Sequence[int] = (),
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Mutual information gap (Chen et al. 2018, Eq. 6), by the estimator of Locatello et al. 2019.

        MIG = mean_k (I(z_(1); v_k) - I(z_(2); v_k)) / H(v_k)

    Protocol (disentanglement_lib, `mig.gin`): 10,000 random rows, drawn without replacement; the mean representation
    in 20 equal-width bins per latent; information by counting. Counting N rows in b x V_k cells overestimates each
    information by about (b - 1)(V_k - 1) / 2N nats.

    Args:
        codes: [N, D], the mean representation.
        factors: [N, F], discrete.
        seed: seeds the draw of the rows, and the resamples.
        num_train: rows to use, None for all. The default takes all if there are fewer.
        bins: bins per continuous code.
        discrete: columns of `codes` that are counted exactly, such as the argmax of a categorical latent.
        bootstrap: resamples of rows for the interval; 0 for none.
        confidence: of the interval.

    Returns:
        `mig` in [0, 1], with `mig_low`, `mig_high` on request.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, an unknown column in `discrete`.
    """
    codes, factors = inputs.check(codes, factors)
    rng = np.random.default_rng(seed)
    (rows,) = draw(len(codes), rng, num_train=num_train)
    z, v = codes[rows], inputs.classes(factors[rows])

    def score(rows: np.ndarray) -> dict[str, float]:
        information = discrete_information(discretize(z[rows], bins, discrete), v[rows])
        return {"mig": gap(information, entropies(v[rows])).mean()}

    return bootstrap_interval(score, len(z), rng, bootstrap=bootstrap, confidence=confidence)
