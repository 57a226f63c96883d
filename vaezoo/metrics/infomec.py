"""InfoMEC: modularity, explicitness and compactness, all of them from information in shares of a factor's entropy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.information import discrete_columns, discrete_information, entropies, entropy
from vaezoo.metrics.interval import bootstrap_interval
from vaezoo.metrics.parallel import thread_map
from vaezoo.metrics.rows import UpTo, check_count, draw
from vaezoo.metrics.scaling import exponents, to_unit_range

ACTIVE = 1 / 20  # of the greatest range of a continuous latent
ITERATIONS = 100  # of the logistic regression


def infomec(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    num_train: int | None = UpTo(10_000),
    num_neighbors: int = 10,
    discrete: Sequence[int] = (),
    progress: bool = False,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """InfoMEC: InfoM, InfoE and InfoC, i.e. modularity, explicitness and compactness (Hsu et al. 2023).

        NMI_dk = I(z_d; v_k) / H(v_k),   D active latents, F factors
        InfoM  = (mean_d max_k NMI_dk / sum_k NMI_dk - 1/F) / (1 - 1/F): one factor per latent
        InfoC  = (mean_k max_d NMI_dk / sum_d NMI_dk - 1/D) / (1 - 1/D): one latent per factor
        InfoE  = mean_k 1 - L(v_k | z) / L(v_k),   L the least log-loss of a linear multinomial classifier of v_k

    L(v_k), that of a classifier without inputs, is H(v_k), so InfoE estimates the share of H(v_k) that z has and that a
    linear classifier can use: all of it if logistic regression models p(v_k | z).

    Protocol (the paper's code, `disentangle/metrics/infomec.py`): 10,000 images; information of continuous latents by
    nearest neighbours (Ross 2014, scikit-learn's `mutual_info_classif` with 10 of them), of discrete latents by
    counting. A continuous latent is active if its range exceeds a twentieth of the greatest range, a discrete one if
    it takes two values; the others are left out of InfoM and InfoC. (The training script beside that file takes an
    eighth.) The classifier has no penalty, standardised continuous latents and one-hot discrete ones, at most 100
    iterations of L-BFGS, and the same rows for the fit and the loss. So a useless code has, of V_k values, an InfoE of
    about D (V_k - 1) / 2 N H(v_k), not 0, and one that separates all values has a small loss after 100 iterations.

    Differences: the code weights the classes of the classifier by their inverse frequencies, but not its loss, which
    is then not the least; for factors with values of equal frequency both are the same. It has NaN for an active
    latent without information about any factor, whose largest share is here 1/F, and for a single active latent,
    whose InfoC is here 1. As there, the InfoM of an active latent without information is that of the noise of its
    estimates, which is not 0.

    Args:
        codes: [N, D], the mean representation.
        factors: [N, F], F >= 2, discrete.
        seed: seeds the draw of the rows, the noise of 1e-10 that breaks ties between neighbours, and the halves.
        num_train: rows to use, None for all. The default takes all if there are fewer.
        num_neighbors: neighbours of the estimate of information.
        discrete: columns of `codes` that are classes, such as the argmax of a categorical latent.
        progress: show a bar over the D F estimates of information, or over the halves if there are any.
        bootstrap: random halves of the rows for the intervals, with new classifiers for each; 0 for none. They are
            drawn without replacement because repeated rows are each other's nearest neighbours.
        confidence: of the intervals.

    Returns:
        `infom`, `infoe`, `infoc` in [0, 1], with `_low`, `_high` of each on request. Without any information all are 0.

    Raises:
        ValueError: for bad shapes, NaN, a continuous or constant factor, one without a value that is repeated, fewer
            than 2 factors, an unknown column in `discrete`.

    References:
        Hsu et al. 2023, "Disentanglement via Latent Quantization".
    """
    codes, factors = inputs.check(codes, factors)
    inputs.at_least_two_factors(factors, "infomec")
    check_count(1, num_neighbors=num_neighbors)
    counted = discrete_columns(codes.shape[1], discrete)
    rng = np.random.default_rng(seed)
    (rows,) = draw(len(codes), rng, num_train=num_train)
    v = inputs.classes(factors[rows])
    z = standardize(codes[rows], counted)
    active = active_latents(codes[rows], counted)
    latents, classes = z[:, active & ~counted], z[:, active & counted].astype(np.int64)

    def estimate(rows: np.ndarray, d: int, k: int) -> float:
        return neighbor_information(latents[rows, d], v[rows, k], num_neighbors, seed)

    def score(rows: np.ndarray) -> dict[str, float]:
        H = entropies(v[rows])
        pairs = [(rows, d, k) for d in range(latents.shape[1]) for k in range(v.shape[1])]
        estimates = thread_map(estimate, pairs, "infomec", progress and not bootstrap)
        information = np.concatenate(
            [np.reshape(estimates, (-1, v.shape[1])), discrete_information(classes[rows], v[rows])]
        )
        nmi = np.divide(information, H, out=np.zeros_like(information), where=H > 0)  # [D, F]
        explicit = explicitness(z[rows], v[rows], counted)
        return {"infom": largest_share(nmi), "infoe": explicit, "infoc": largest_share(nmi.T)}

    options = {"halves": True, "label": "infomec bootstrap", "progress": progress}
    return bootstrap_interval(score, len(z), rng, bootstrap=bootstrap, confidence=confidence, **options)


def standardize(codes: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Returns codes [N, D] of mean 0 and variance 1, and class numbers in the columns of the mask `counted` [D].

    A constant column becomes 0.
    """
    z = to_unit_range(codes)
    sd = z.std(axis=0)
    z = (z - z.mean(axis=0)) / np.where(sd > 0, sd, 1)
    for d in np.flatnonzero(counted):
        z[:, d] = np.unique(codes[:, d], return_inverse=True)[1]
    return z


def active_latents(codes: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Returns the mask [D] of the active latents of codes [N, D], of which those of the mask `counted` are discrete."""
    ranges = np.ptp(np.ldexp(codes, -1 - exponents(codes).max()), axis=0)  # halved, for what fills float64
    return ranges > np.where(counted, 0, ACTIVE * ranges[~counted].max(initial=0))


def neighbor_information(z: np.ndarray, v: np.ndarray, num_neighbors: int, seed: int) -> float:
    """Returns I(z; v) nats of a latent z [N] and the classes v [N], by nearest neighbours.

    Raises:
        ValueError: if no class has two rows.
    """
    with extra("metrics"):
        from sklearn.feature_selection import mutual_info_classif

    if np.bincount(v).max() < 2:
        raise ValueError("Every factor must have a value that two rows share. Received one whose values all differ.")
    (information,) = mutual_info_classif(z[:, None], v, n_neighbors=num_neighbors, random_state=seed)
    return float(information)


def explicitness(z: np.ndarray, v: np.ndarray, counted: np.ndarray) -> float:
    """Returns the mean over the factors of 1 - L(v_k | z) / H(v_k), with the log-loss L of logistic regression.

    Args:
        z: [N, D], by `standardize`.
        v: classes of the factors [N, F].
        counted: mask of the discrete latents [D].
    """
    with extra("metrics"):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import log_loss

    x = np.concatenate([z[:, ~counted], *(column[:, None] == np.unique(column) for column in z[:, counted].T)], axis=1)

    def explained(k: int) -> float:
        H = entropy(np.bincount(v[:, k]) / len(v))
        if H == 0:  # one value, in half of the rows
            return 0.0
        model = LogisticRegression(C=np.inf, max_iter=ITERATIONS).fit(x, v[:, k])
        return float(1 - log_loss(v[:, k], model.predict_proba(x), labels=model.classes_) / H)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(np.mean(thread_map(explained, [(k,) for k in range(v.shape[1])], "infoe", False)))


def largest_share(information: np.ndarray) -> float:
    """Returns the mean over rows of a row's largest share of its sum, rescaled: 0 for equal shares, 1 for a single one.

    A row without information has equal shares. If no row has any, the result is 0.

    Args:
        information: [rows, columns], not negative.
    """
    total, columns = information.sum(axis=1), information.shape[1]
    if not total.any():
        return 0.0
    if columns == 1:
        return 1.0
    equal = np.full(len(total), 1 / columns)
    shares = np.divide(information.max(axis=1), total, out=equal, where=total > 0)
    return float((shares.mean() - 1 / columns) / (1 - 1 / columns))
