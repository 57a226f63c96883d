"""The registry of metrics: what each needs, and the arguments it is called with."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from vaezoo import encoding, metrics
from vaezoo.evaluation.context import EvaluationContext

UNRECORDED = ("progress", "probabilities", "return_matrix")  # arguments that a protocol leaves out


@dataclasses.dataclass(frozen=True)
class Metric:
    """An entry of the registry.

    Attributes:
        function: of `vaezoo.metrics` or `vaezoo.encoding`; returns named scores.
        arguments: the attributes of an `EvaluationContext` that are its positional arguments.
        computed_from: the part of the encoded data set that it uses, for the protocol.
        needs: inputs of `vaezoo.evaluation.selection.available_inputs` without which it does not apply.
        keywords: keyword argument -> the attribute of an `EvaluationContext` that it is set to.
        options: keyword arguments that differ from the function's defaults.
        sampled: uses the samples of the aggregate posterior, whose number the protocol then records.
        slow: is computed only if requested by name or by "all".
    """

    function: Callable[..., dict[str, Any]]
    arguments: tuple[str, ...]
    computed_from: str
    needs: frozenset[str] = frozenset()
    keywords: Mapping[str, str] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sampled: bool = False
    slow: bool = False


FACTORS = frozenset({"factors"})
# Class numbers have no distances, so metrics that measure distances use the Gaussian latents alone.
MEANS = ("encoded.mean", "encoded.factors")
CLASSES = ("predicted_classes", "true_classes")
CLUSTERS = frozenset({"categorical", "classes"})
GRID = {"grid": "grid"}

METRICS: dict[str, Metric] = {
    "likelihood_bounds": Metric(
        encoding.likelihood_bounds, ("model", "data"), "samples", needs=frozenset({"likelihood"})
    ),
    "decomposition": Metric(encoding.decomposition, ("aggregate_posterior",), "samples", sampled=True),
    "per_latent": Metric(
        metrics.per_latent, ("encoded.mean", "encoded.log_var", "mi_samples"), "posteriors and samples", sampled=True
    ),
    "active_units": Metric(metrics.active_units, ("encoded.mean",), "means"),
    "class_information": Metric(
        metrics.class_information, ("encoded.probs",), "class probabilities", needs=frozenset({"categorical"})
    ),
    "clustering_accuracy": Metric(metrics.clustering_accuracy, CLASSES, "classes", CLUSTERS),
    "nmi": Metric(metrics.nmi, CLASSES, "classes", CLUSTERS),
    "ari": Metric(metrics.ari, CLASSES, "classes", CLUSTERS),
    "mig": Metric(
        metrics.mig,
        ("encoded.codes", "encoded.factors"),
        "means and classes",
        FACTORS,
        keywords={"discrete": "encoded.discrete"},
    ),
    "chen_mig": Metric(
        metrics.chen_mig,
        ("encoded.mean", "encoded.log_var", "encoded.factors"),
        "posteriors",
        FACTORS,
        keywords={"probabilities": "encoded.probs"},
    ),
    "unibound": Metric(
        metrics.unibound,
        ("encoded.mean", "encoded.log_var", "encoded.factors"),
        "posteriors",
        FACTORS,
        keywords={"probabilities": "encoded.probs"},
        slow=True,
    ),
    "beta_vae_score": Metric(metrics.beta_vae_score, MEANS, "means", FACTORS, keywords=GRID),
    "factor_vae_score": Metric(metrics.factor_vae_score, MEANS, "means", FACTORS, keywords=GRID),
    "modularity": Metric(metrics.modularity, MEANS, "means", FACTORS),
    "infomec": Metric(
        metrics.infomec,
        ("encoded.codes", "encoded.factors"),
        "means and classes",
        FACTORS,
        keywords={"discrete": "encoded.discrete"},
    ),
    "irs": Metric(metrics.irs, MEANS, "means", FACTORS),
    "dci_random_forest": Metric(metrics.dci, MEANS, "means", FACTORS, options={"importance": "random_forest"}),
    "sap": Metric(metrics.sap, MEANS, "means", FACTORS),
    "dci": Metric(metrics.dci, MEANS, "means", FACTORS, slow=True),
}


def compute(
    name: str, context: EvaluationContext, *, bootstrap: int = 0, confidence: float = 0.95
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Computes one metric.

    A matrix behind the score, if the metric returns one, is put into `context.matrices`.

    Args:
        name: in `METRICS`.
        context: the inputs.
        bootstrap: resamples for the intervals; 0 for none.
        confidence: of the intervals.

    Returns:
        The scores, and the protocol: the definition, all arguments that determine the scores, and the warnings.

    Raises:
        ValueError: if the metric rejects its inputs.
    """
    metric = METRICS[name]
    parameters = inspect.signature(metric.function).parameters
    shared = {"seed": context.seed, "bootstrap": bootstrap, "confidence": confidence, "progress": context.progress}
    shared["return_matrix"] = True
    given = {key: value for key, value in shared.items() if key in parameters}
    given |= {key: attrgetter(attribute)(context) for key, attribute in metric.keywords.items()} | dict(metric.options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        scores = metric.function(*(attrgetter(attribute)(context) for attribute in metric.arguments), **given)
    for key in [key for key in scores if key.endswith("_matrix")]:
        context.matrices[name] = scores.pop(key)
    defaults = {key: p.default for key, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    recorded = {key: value for key, value in (defaults | given).items() if key not in UNRECORDED}
    if "grid" in recorded:
        recorded["grid"] = "matching rows" if recorded["grid"] is None else "full grid"
    if metric.sampled:
        recorded |= sampling(context)
    protocol = {
        "definition": inspect.getdoc(metric.function).splitlines()[0],
        "computed_from": metric.computed_from,
        "arguments": recorded,
        "warnings": [str(warning.message) for warning in caught],
    }
    return scores, protocol


def sampling(context: EvaluationContext) -> dict[str, int]:
    """Returns what determines the samples of the aggregate posterior, for a protocol."""
    e, samples = context.encoded, len(context.aggregate_posterior.z)
    return {"seed": context.seed, "num_samples": samples, "rows": e.size, "dataset_size": e.dataset_size}


def matrix_of(name: str, context: EvaluationContext) -> np.ndarray:
    """Returns the matrix [d, F] behind the score of a metric, which is computed unless it already was."""
    if name not in context.matrices:
        compute(name, context)
    return context.matrices[name]
