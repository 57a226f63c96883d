"""Clustering scores of discrete latents: accuracy, NMI and ARI."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vaezoo.extras import extra
from vaezoo.metrics import inputs
from vaezoo.metrics.interval import bootstrap_interval


def clustering_accuracy(
    labels: ArrayLike, classes: ArrayLike, *, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """Accuracy under the best one-to-one assignment of clusters to classes, by the Hungarian method.

    Args:
        labels: [N], the cluster of each image, such as the argmax of a categorical latent; any values.
        classes: [N], its true class; any values. If there are more clusters than classes, images of unassigned
            clusters count as errors, and vice versa.
        seed: seeds the resamples.
        bootstrap: resamples of images for the interval, each with an assignment of its own; 0 for none.
        confidence: of the interval.

    Returns:
        `clustering_accuracy` in (0, 1], with `clustering_accuracy_low`, `clustering_accuracy_high` on request.

    Raises:
        ValueError: if the arguments are not two arrays [N] of the same N >= 1, or have missing values.

    References:
        Yang et al. 2010, "Image Clustering Using Local Discriminant Models and Global Integration".
    """

    def matched(y: np.ndarray, c: np.ndarray) -> float:
        with extra("metrics"):
            from scipy.optimize import linear_sum_assignment

        together = np.bincount(y * (c.max() + 1) + c, minlength=(y.max() + 1) * (c.max() + 1))
        together = together.reshape(y.max() + 1, c.max() + 1)
        return together[linear_sum_assignment(together, maximize=True)].sum() / len(y)

    return compare("clustering_accuracy", matched, labels, classes, seed, bootstrap, confidence)


def nmi(
    labels: ArrayLike, classes: ArrayLike, *, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """Normalised mutual information I(y; c) / ½(H(y) + H(c)) of clusters and classes, by scikit-learn.

    Arguments and errors as for `clustering_accuracy`.

    Returns:
        `nmi` in [0, 1], with `nmi_low`, `nmi_high` on request. One cluster and one class: 1.
    """

    def information(y: np.ndarray, c: np.ndarray) -> float:
        with extra("metrics"):
            from sklearn.metrics import normalized_mutual_info_score

        return normalized_mutual_info_score(c, y)

    return compare("nmi", information, labels, classes, seed, bootstrap, confidence)


def ari(
    labels: ArrayLike, classes: ArrayLike, *, seed: int = 0, bootstrap: int = 0, confidence: float = 0.95
) -> dict[str, float]:
    """Adjusted Rand index of clusters and classes (Hubert & Arabie 1985), by scikit-learn.

    Arguments and errors as for `clustering_accuracy`.

    Returns:
        `ari` in [-0.5, 1], 0 on average for random labels, with `ari_low`, `ari_high` on request.
    """

    def rand(y: np.ndarray, c: np.ndarray) -> float:
        with extra("metrics"):
            from sklearn.metrics import adjusted_rand_score

        return adjusted_rand_score(c, y)

    return compare("ari", rand, labels, classes, seed, bootstrap, confidence, bounds=(-0.5, 1.0))


def compare(
    name: str,
    statistic: Callable[[np.ndarray, np.ndarray], float],
    labels: ArrayLike,
    classes: ArrayLike,
    seed: int,
    bootstrap: int,
    confidence: float,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> dict[str, float]:
    """Evaluates a statistic of clusters and classes, with its interval.

    Args:
        name: of the score.
        statistic: function of clusters [N] and classes [N], both numbered from 0.
        labels: of the metric.
        classes: of the metric.
        seed: of the metric.
        bootstrap: of the metric.
        confidence: of the metric.
        bounds: least and greatest possible value of the statistic.

    Returns:
        `name`, with `_low` and `_high` on request.

    Raises:
        ValueError: as the metric.
    """
    labels, classes = inputs.as_array(labels, "labels"), inputs.as_array(classes, "classes")
    if labels.ndim != 1 or labels.shape != classes.shape or len(labels) == 0:
        raise ValueError(
            "`labels` and `classes` must have the same shape [N], N >= 1. "
            f"Received {list(labels.shape)} and {list(classes.shape)}."
        )
    named = {"labels": labels, "classes": classes}
    for name_of, array in named.items():
        inputs.check_complete(array, name_of)
    y, c = (inputs.distinct(array, f"`{name_of}`")[1] for name_of, array in named.items())

    def score(rows: np.ndarray) -> dict[str, float]:
        return {name: statistic(y[rows], c[rows])}

    rng = np.random.default_rng(seed)
    return bootstrap_interval(score, len(y), rng, bootstrap=bootstrap, confidence=confidence, bounds=bounds)
