"""Unique, redundant and synergistic information of latents about factors, by the aggregate posterior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.metrics import inputs
from vaezoo.metrics.information import entropies
from vaezoo.metrics.parallel import thread_map
from vaezoo.metrics.rows import UpTo, draw

CHUNK = 1 << 12  # rows at once: 1.3 MB for ten latents, which stay in a core's cache
LEAST_SD = 1e-150  # of a latent without noise, whose squared distances stay within float64


def partial_information(
    mean: ArrayLike,
    log_var: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_samples: int | None = UpTo(1000),
    probabilities: Sequence[ArrayLike] = (),
    progress: bool = False,
) -> dict[str, np.ndarray]:
    """Bounds on the unique, redundant and synergistic information of latents about factors (Tokui & Sato 2022).

    The partial information decomposition (Williams & Beer 2010) of what a latent z_d and all others, z_-d, tell about a
    factor v has four terms, none of them negative:

        I(v; z_d)  = R + U_d                    R    redundant: both have it
        I(v; z_-d) = R + U_-d                   U_d  unique: only z_d has it
        I(v; z)    = R + U_d + U_-d + C         C    synergistic (complementary): only both together have it

    These are three equations, so one number, R, is free. Definitions of R differ, but U_d, U_-d, C >= 0 leave

        max(0, I(v; z_d) + I(v; z_-d) - I(v; z))  <=  R   <=  min(I(v; z_d), I(v; z_-d))
        max(0, I(v; z_d) - I(v; z_-d))            <=  U_d <=  min(I(v; z_d), I(v; z) - I(v; z_-d))
        max(0, I(v; z) - I(v; z_d) - I(v; z_-d))  <=  C   <=  min(I(v; z) - I(v; z_d), I(v; z) - I(v; z_-d))

    The information of any set S of latents is that of the aggregate posterior, a mixture over all rows x_j:

        I(v; z_S) = H(v) + E_{q(z, v)} log q(v | z_S),   q(v | z_S) = sum_{j: v_j = v} q(z_S | x_j) / sum_j q(z_S | x_j)

    The mixture is summed exactly, so the only error is that of the samples z_i ~ q(z | x_i) in the expectation. The
    same samples serve all sets, which takes most of the error off their differences. An information that exceeds that
    of all latents, which is an error of the samples, is reduced to it.

    The rows are taken to be the whole data set. A random sample of it has fewer rows near each z, so that all
    latents, or all but one, identify more of the row: I(v; z) and I(v; z_-d) are overestimated. Codes without noise
    identify every row, if no two are equal: then I(v; z) = H(v).

    Args:
        mean: [N, d], of the Gaussian posterior q(z|x).
        log_var: [N, d], of the Gaussian posterior q(z|x).
        factors: [N, F], discrete.
        seed: seeds the draw of the rows x_i, without replacement, and the samples.
        num_samples: number of rows x_i, with one sample each; None for all. The default takes all if there are fewer.
            The cost is `num_samples` N d exponentials, which are computed in float32.
        probabilities: q(y|x) [N, K] of each categorical latent; they follow the Gaussian ones.
        progress: show a bar over the samples.

    Returns:
        `unique_lower`, `unique_upper`, `redundant_lower`, `redundant_upper`, `synergistic_lower`, `synergistic_upper`:
        float64 [D, F] nats, of every latent (D = d + number of categorical latents) and every factor.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, probabilities that do not sum to 1.

    References:
        Tokui & Sato 2022, "Disentanglement Analysis with Partial Information Decomposition".
        Williams & Beer 2010, "Nonnegative Decomposition of Multivariate Information".
    """
    options = {"seed": seed, "num_samples": num_samples, "probabilities": probabilities, "progress": progress}
    log_q, H = log_posteriors(mean, log_var, factors, **options)
    return bounds(H + log_q.mean(axis=0))


def log_posteriors(
    mean: ArrayLike,
    log_var: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int,
    num_samples: int | None,
    probabilities: Sequence[ArrayLike],
    progress: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns log q(v_k | z_S) of the true factors at samples of z, and H(v_k), in nats.

    The arguments are those of `partial_information`.

    Returns:
        [samples, 2 D + 1, F], for S each latent alone, then all but each, then all; and [F].
    """
    mean, factors = inputs.check(mean, factors)
    mean, log_var = inputs.check_posterior(mean, log_var)
    q_y = [inputs.check_probabilities(q, len(mean)).T for q in probabilities]  # [K, N]
    v = inputs.classes(factors)
    rng = np.random.default_rng(seed)
    (drawn,) = draw(len(mean), rng, num_samples=num_samples)
    with np.errstate(over="ignore"):
        sd = np.maximum(np.exp(0.5 * log_var), LEAST_SD)
    if not np.isfinite(sd).all():
        raise ValueError(f"`log_var` must be a variance's within float64. Received up to {log_var.max():.4g}.")
    z = mean[drawn] + sd[drawn] * rng.standard_normal((len(drawn), mean.shape[1]))
    y = [(q[:, drawn].cumsum(axis=0) <= rng.random(len(drawn)) * q[:, drawn].sum(axis=0)).sum(axis=0) for q in q_y]
    centres, scales = np.ascontiguousarray(mean.T), np.sqrt(0.5) / sd.T  # [d, N]
    classes = np.ascontiguousarray(v.T)  # [F, N]

    d, D, N = len(centres), len(centres) + len(q_y), len(v)

    @np.errstate(over="ignore", under="ignore")
    def of_sample(i: int) -> np.ndarray:
        own, sums = drawn[i], np.zeros((2 * D + 1, 1 + len(classes)))
        # Arrays of this size that are allocated for every chunk take longer than what is done with them.
        distances, kernel = np.empty((d, CHUNK)), np.empty((d, CHUNK), np.float32)
        weights, same = np.empty((2 * D + 1, CHUNK)), np.ones((1 + len(classes), CHUNK))
        for start in range(0, N, CHUNK):
            rows, n = slice(start, start + CHUNK), min(CHUNK, N - start)
            np.subtract(z[i, :, None], centres[:, rows], out=distances[:, :n])
            np.square(np.multiply(distances[:, :n], scales[:, rows], out=distances[:, :n]), out=distances[:, :n])
            np.exp(np.negative(distances[:, :n], out=kernel[:, :n], casting="same_kind"), out=kernel[:, :n])
            # In units of the own density, which no product over the latents underflows.
            np.divide(scales[:, rows], scales[:, own, None], out=weights[:d, :n])
            weights[:d, :n] *= kernel[:, :n]
            for b, (q, y_b) in enumerate(zip(q_y, y, strict=True), start=d):
                np.divide(q[y_b[i], rows], q[y_b[i], own], out=weights[b, :n])
            leave_one_out(weights[:, :n])
            np.equal(classes[:, rows], classes[:, own, None], out=same[1:, :n])
            sums += weights[:, :n] @ same[:, :n].T
        return np.log(sums[:, 1:] / sums[:, :1])

    log_q = thread_map(of_sample, [(i,) for i in range(len(drawn))], "partial information", progress)
    return np.stack(log_q), entropies(v)


def leave_one_out(p: np.ndarray) -> None:
    """Fills p [2 D + 1, N] from its first D rows: with the products of all of them but each, and of all of them."""
    D = len(p) // 2
    factors, products = p[:D], p[D:]
    products[0] = 1
    for d in range(D):  # of the rows before each
        np.multiply(products[d], factors[d], out=products[d + 1])
    after = np.ones(p.shape[1])
    for d in reversed(range(D)):
        products[d] *= after
        after *= factors[d]


def bounds(information: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the bounds of `partial_information`, each [D, F], from the information of the sets of latents.

    Args:
        information: [2 D + 1, F], of each latent, of all but each, and of all; values out of 0 ... I(v; z) are
            errors of estimation.
    """
    whole = np.maximum(information[-1], 0)
    own, others = np.split(np.clip(information[:-1], 0, whole), 2)
    shared = own + others - whole  # R - C
    return {
        "unique_lower": np.maximum(0, own - others),
        "unique_upper": np.minimum(own, whole - others),
        "redundant_lower": np.maximum(0, shared),
        "redundant_upper": np.minimum(own, others),
        "synergistic_lower": np.maximum(0, -shared),
        "synergistic_upper": np.minimum(whole - own, whole - others),
    }
