"""Bootstrap confidence intervals of all scores.

A metric draws its sample once and defines its score as a function of the rows of that sample. `bootstrap_interval`
evaluates the score on the sample itself and on resamples of it, drawn with replacement. A row is an image, a group of
images or a test prediction, as each docstring states. Fitted classifiers are kept unless the docstring says that they
are refitted; the interval then covers the variation of the test, not of the training. (IRS alone resamples halves of
the rows, without replacement.)

The interval of an accuracy of exactly 1 has no width, [1, 1], and neither has that of exactly 0: no resample of
correct predictions contains a wrong one. After n such predictions the error may still be up to about 3/n (95 %, the
rule of three).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaezoo.extras import extra
from vaezoo.progress import track_progress


def bootstrap_interval(
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
    """Evaluates a score on the rows 0 ... n-1, with a bootstrap confidence interval on request.

    The interval is the basic bootstrap (Davison & Hinkley 1997, Eq. 5.6) around the mean m of the resamples,
    [s + m - q_high, s + m - q_low] with q their quantiles, cut to `bounds`. Centring on m is needed because resampling
    biases scores that count cells (a MIG drops by several standard errors). The interval covers the score that the
    same protocol gives on average, with the same number of rows.

    The quantiles are those that a further resample would exceed with the given probability (Weibull's). If they
    lie beyond the resamples (fewer than 39, for 95 %), the limits are s +- t sd: the resamples' standard deviation,
    and the quantile t of Student's distribution with one degree of freedom less than resamples.

    Args:
        score: from row indices [n], with repetitions, to named scores, each a float or an array.
        n: rows in the sample.
        rng: draws the resamples.
        bootstrap: resamples, 2 or more; 0 for no interval. 200 give limits accurate to a tenth of the interval's width.
        confidence: probability in the interval, in (0, 1).
        bounds: least and greatest possible score.
        halves: resample half of the rows without replacement (the delete-half jackknife, whose spread needs no
            correction): for scores that are made of maxima, which repeated rows do not change.
        label: of a bar over the resamples.
        progress: show the bar.

    Returns:
        The scores; with `bootstrap` > 0 also `<name>_low` and `<name>_high` of each of them.

    Raises:
        ValueError: see `check_interval`.
    """
    check_interval(bootstrap, confidence)
    with extra("metrics"):
        from scipy.stats import t as student_t

    scores = {name: np.asarray(value, np.float64) for name, value in score(np.arange(n)).items()}
    drawn = (score(rng.permutation(n)[: n // 2] if halves else rng.integers(n, size=n)) for _ in range(bootstrap))
    resampled = list(track_progress(drawn, bootstrap, label, progress and bootstrap > 0))
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
    """Checks the arguments of an interval.

    Raises:
        ValueError: for a `bootstrap` of 1 or below 0, and for `confidence` outside (0, 1).
    """
    if bootstrap < 0 or bootstrap == 1 or not 0 < confidence < 1:
        raise ValueError(
            "`bootstrap` must be 0 or at least 2, and `confidence` in (0, 1). "
            f"Received bootstrap={bootstrap}, confidence={confidence}."
        )
