"""Rank correlations of scores over the runs of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaezoo.extras import extra
from vaezoo.sweep.table import Row

FEWEST = 3  # runs of a correlation


def rank_correlations(rows: Sequence[Row], scores: Sequence[str]) -> np.ndarray:
    """Computes Spearman's rank correlation of every two scores over the runs that have both.

    Args:
        rows: the runs.
        scores: columns of the scores.

    Returns:
        The correlations, [S, S]; NaN for fewer than three runs, and for a score that is constant.
    """
    with extra("metrics"):
        from scipy.stats import spearmanr

    values = np.array([[float(row.get(score, np.nan)) for score in scores] for row in rows])
    values = values.reshape(len(rows), len(scores))
    result = np.full((len(scores), len(scores)), np.nan)
    for i in range(len(scores)):
        for j in range(len(scores)):
            both = values[np.isfinite(values[:, [i, j]]).all(axis=1)][:, [i, j]]
            if len(both) >= FEWEST and (np.ptp(both, axis=0) > 0).all():
                result[i, j] = spearmanr(*both.T).statistic
    return result
