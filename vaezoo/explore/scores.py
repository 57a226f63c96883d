"""The scores of a model that the page shows beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaezoo import metrics
from vaezoo.evaluation.context import EvaluationContext
from vaezoo.explore.inputs import true_classes
from vaezoo.explore.packing import pack_bytes, pack_floats
from vaezoo.metrics.unsupervised import class_information
from vaezoo.plots.activations import ACTIVE

POINTS = 1000  # codes in the scatter
TAIL = 0.005  # of q(z_k), beyond either end of a slider


def score_record(context: EvaluationContext) -> dict[str, Any]:
    """Returns what the page shows of a model's codes.

    Args:
        context: the encoded data set.

    Returns:
        `latents`, one for each Gaussian latent in the order of the code: KL and I(x; z_k) in nats, whether it is
        active, and the range of its slider; `order`, the latents by descending KL; `blocks`, KL and I(x; y) of each
        categorical block; `information`, I(z_k; v_f) [d + blocks, F] in nats; `activations`, for each factor the mean
        codes [V, d + sum K]; `points`, codes for the scatter.
    """
    encoded, d = context.encoded, context.encoded.mean.shape[1]
    factors = true_classes(context.data, encoded.indices)
    low, high = slider_range(encoded.mean, encoded.log_var, context.seed)
    kl, mi = context.kl, context.latents["mi"]
    information = class_information(encoded.probs).values() if encoded.probs else []
    return {
        "images": encoded.size,
        "latents": [
            {"kl": short(kl[k]), "mi": short(mi[k]), "active": bool(kl[k] > ACTIVE), "range": [low[k], high[k]]}
            for k in range(d)
        ],
        "order": context.order.tolist(),
        "blocks": [{"kl": short(a), "mi": short(b)} for a, b in zip(kl[d:], information, strict=True)],
        "information": information_matrix(context, factors),
        "activations": [mean_codes(context, column) for column in factors.T],
        "points": points(context, factors),
    }


def short(value: float) -> float:
    """Rounds a number to 5 digits, which is more than the page shows."""
    return float(f"{value:.5g}")


def slider_range(mean: np.ndarray, log_var: np.ndarray, seed: int) -> tuple[list[float], list[float]]:
    """Returns the quantiles `TAIL` and 1 - `TAIL` of q(z_k), estimated by one sample of each q(z_k | x)."""
    noise = np.random.default_rng(seed).standard_normal(mean.shape, np.float32)
    low, high = np.quantile(mean + np.exp(0.5 * log_var) * noise, [TAIL, 1 - TAIL], axis=0)
    return [short(value) for value in low], [short(value) for value in high]


def information_matrix(context: EvaluationContext, factors: np.ndarray) -> list[list[float]]:
    """Returns I(z_k; v_f) [d + blocks, F] in nats, by counting in 20 bins; 0 for factors of a single value."""
    matrix = np.zeros((context.encoded.codes.shape[1], factors.shape[1]))
    varied = np.ptp(factors, axis=0) > 0
    if varied.any():
        options = {"discrete": context.encoded.discrete}
        matrix[:, varied] = metrics.mutual_information(context.encoded.codes, factors[:, varied], **options)
    return [[short(value) for value in row] for row in matrix]


def mean_codes(context: EvaluationContext, column: np.ndarray) -> list[list[float] | None]:
    """Returns the mean of z and of q(y | x) over the images of each value of a factor; None where there are none."""
    codes = np.concatenate([context.encoded.mean, *context.encoded.probs], axis=1)
    values = [codes[column == value] for value in range(column.max(initial=0) + 1)]
    return [[short(mean) for mean in rows.mean(axis=0)] if len(rows) else None for rows in values]


def points(context: EvaluationContext, factors: np.ndarray) -> dict[str, Any]:
    """Returns the means, most probable classes and factors of some images, packed."""
    encoded = context.encoded
    chosen = np.random.default_rng(context.seed).permutation(encoded.size)[:POINTS]
    return {
        "count": len(chosen),
        "mean": pack_floats(encoded.mean[chosen]),
        "classes": pack_bytes(encoded.classes[chosen]),
        "factors": pack_floats(factors[chosen]),
    }
