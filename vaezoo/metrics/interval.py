"""Bootstrap confidence intervals, one mechanism for every score.

A metric draws its sample once, writes its score as a function of the rows of that sample, and hands it to
`with_interval`, which evaluates it on the sample itself and on resamples of it, drawn with replacement. What
a row is differs, and each docstring says it: an image, a group of images, a test prediction. Where a
classifier is fitted it is kept, unless the docstring says that it is refitted; so the interval then covers
the test, not the training.
"""

from collections.abc import Callable

import numpy as np

from vaezoo.metrics.parallel import follow


def with_interval(
    score: Callable[[np.ndarray], dict[str, float]],
    n: int,
    rng: np.random.Generator,
    *,
    bootstrap: int,
    confidence: float,
    progress: bool = False,
) -> dict[str, float]:
    """`score` of the rows 0 ... n-1; with `bootstrap` > 0 also `<name>_low` and `<name>_high` of every score in it.

    The interval is the basic bootstrap (Davison & Hinkley 1997, Eq. 5.6) around the resamples' own mean m, [s
    + m - q_high, s + m - q_low] with q their quantiles, cut to [-1, 1]. Resampling adds a bias of its own to
    scores that count cells (a MIG drops by several standard errors), which would move the interval off the
    score. It covers the score that the same protocol gives on average, with the same number of rows.

    Args:
        score: rows [n] (indices, with repetitions) -> named scores.
        n: rows in the sample.
        rng: draws the resamples.
        bootstrap: resamples; 0 for no interval. 200 give limits good to a tenth of the interval's width.
        confidence: probability in the interval, in (0, 1).
        progress: show a bar over the resamples.

    Raises:
        ValueError: negative `bootstrap`, or `confidence` outside (0, 1).
    """
    if bootstrap < 0 or not 0 < confidence < 1:
        raise ValueError(
            "`bootstrap` must be >= 0 and `confidence` in (0, 1). "
            f"Received bootstrap={bootstrap}, confidence={confidence}."
        )
    scores = {name: float(value) for name, value in score(np.arange(n)).items()}
    if not bootstrap:
        return scores
    resamples = follow((score(rng.integers(n, size=n)) for _ in range(bootstrap)), bootstrap, "bootstrap", progress)
    resampled = list(resamples)
    tail = (1 - confidence) / 2
    limits = {}
    for name, value in scores.items():
        values = np.array([r[name] for r in resampled])
        q_low, q_high = np.quantile(values, [tail, 1 - tail]) - values.mean()
        limits[f"{name}_low"] = float(np.clip(value - q_high, -1, 1))
        limits[f"{name}_high"] = float(np.clip(value - q_low, -1, 1))
    return scores | limits
