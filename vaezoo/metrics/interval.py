"""Bootstrap confidence intervals, one mechanism for every score.

A metric draws its sample once, writes its score as a function of the rows of that sample, and hands it to
`with_interval`, which evaluates it on the sample itself and on resamples of it, drawn with replacement. What
a row is differs, and each docstring says it: an image, a group of images, a test prediction. Where a
classifier is fitted it is kept, unless the docstring says that it is refitted; so the interval then covers
the test, not the training. (IRS alone resamples halves of the rows, without replacement.)

An accuracy of exactly 1 has an interval of no width, [1, 1], and so has one of exactly 0: no resample of points that
are all right holds a wrong one. After n such points the error may still be up to about 3/n (95 %, the rule of three).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaezoo.extras import extra
from vaezoo.metrics.parallel import follow


def with_interval(
    score: Callable[[np.ndarray], dict[str, Any]],
    n: int,
    rng: np.random.Generator,
    *,
    bootstrap: int,
    confidence: float,
    bounds: tuple[float, float] = (0.0, 1.0),
    halves: bool = False,
    label: str = "bootstrap",
    progress: bool = False,
) -> dict[str, Any]:
    """`score` of the rows 0 ... n-1; with `bootstrap` > 0 also `<name>_low` and `<name>_high` of every score in it.

    The interval is the basic bootstrap (Davison & Hinkley 1997, Eq. 5.6) around the resamples' own mean m, [s
    + m - q_high, s + m - q_low] with q their quantiles, cut to `bounds`. Resampling adds a bias of its own to
    scores that count cells (a MIG drops by several standard errors), which would move the interval off the
    score. It covers the score that the same protocol gives on average, with the same number of rows.

    The quantiles are those that a further resample would exceed with the given probability (Weibull's). Where they
    lie beyond the resamples (fewer than 39, for 95 %), the limits are s +- t sd: the resamples' standard deviation,
    and the quantile t of Student's distribution with one degree of freedom less than resamples.

    Args:
        score: rows [n] (indices, with repetitions) -> named scores, each a float or an array, by element.
        n: rows in the sample.
        rng: draws the resamples.
        bootstrap: resamples, 2 or more; 0 for no interval. 200 give limits good to a tenth of the interval's width.
        confidence: probability in the interval, in (0, 1).
        bounds: of the scores, whatever the rows.
        halves: resample half of the rows without replacement (the delete-half jackknife, whose spread needs no
            correction): for scores that are made of maxima, which rows drawn twice do not move.
        label, progress: of a bar over the resamples, if there is to be one.

    Raises:
        ValueError: see `check_interval`.
    """
    check_interval(bootstrap, confidence)
    with extra("metrics"):
        from scipy.stats import t as student_t

    scores = {name: np.asarray(value, np.float64) for name, value in score(np.arange(n)).items()}
    drawn = (score(rng.permutation(n)[: n // 2] if halves else rng.integers(n, size=n)) for _ in range(bootstrap))
    resampled = list(follow(drawn, bootstrap, label, progress and bootstrap > 0))
    tail = (1 - confidence) / 2
    limits = {}
    for name, value in scores.items() if bootstrap else ():
        values = np.array([r[name] for r in resampled])
        if (bootstrap + 1) * tail < 1:
            q_high = student_t.ppf(1 - tail, bootstrap - 1) * values.std(axis=0, ddof=1)
            q_low = -q_high
        else:
            q_low, q_high = np.quantile(values, [tail, 1 - tail], axis=0, method="weibull") - values.mean(axis=0)
        limits[f"{name}_low"] = np.clip(value - q_high, *bounds)
        limits[f"{name}_high"] = np.clip(value - q_low, *bounds)
    return {name: value if value.ndim else float(value) for name, value in (scores | limits).items()}


def check_interval(bootstrap: int, confidence: float) -> None:
    """Raises ValueError for one resample, or fewer than none, and for `confidence` outside (0, 1)."""
    if bootstrap < 0 or bootstrap == 1 or not 0 < confidence < 1:
        raise ValueError(
            "`bootstrap` must be 0 or at least 2, and `confidence` in (0, 1). "
            f"Received bootstrap={bootstrap}, confidence={confidence}."
        )
