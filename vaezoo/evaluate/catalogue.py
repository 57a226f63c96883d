"""Every metric by name: what it needs, and how it is called on a model, its data and its representation."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from vaezoo import metrics
from vaezoo.data import FactorGrid, ImageData
from vaezoo.metrics import Exported, Representation
from vaezoo.models import BaseVAE
from vaezoo.terms import AggregatePosterior


@dataclasses.dataclass
class Case:
    """What metrics are computed from. q: of the representation, made when first asked for."""

    model: BaseVAE | Exported
    data: ImageData
    representation: Representation
    seed: int = 0
    progress: bool = False
    _q: AggregatePosterior | None = None

    @property
    def q(self) -> AggregatePosterior:
        if self._q is None:
            r = self.representation
            self._q = metrics.aggregate(
                r.mean, r.log_var, seed=self.seed, dataset_size=r.dataset_size, progress=self.progress
            )
        return self._q

    @property
    def grid(self) -> FactorGrid | None:
        """The grid of factors, where the rows are all of it."""
        return self.data.factors if self.representation.whole_grid else None

    @property
    def classes(self) -> np.ndarray:
        """What clusters are compared with: the labels, or else the first factor (of dSprites, the shape)."""
        r = self.representation
        return r.labels if r.labels is not None else r.factors[:, 0]


@dataclasses.dataclass(frozen=True)
class Metric:
    """An entry of the catalogue.

    function: of vaezoo.metrics. inputs: a case -> its positional arguments, and those that the case decides.
    options: fixed ones, that differ from the function's defaults. more: what else the protocol names.
    codes: what of the representation it looks at.
    needs: of "factors", "classes" (labels or factors), "categorical" (latents), "likelihood" (no SavedModel).
    slow: only computed if asked for by name, or by "all".
    """

    function: Callable[..., dict[str, float]]
    inputs: Callable[[Case], tuple[tuple, dict[str, Any]]]
    codes: str
    needs: frozenset[str] = frozenset()
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    slow: bool = False
    more: Callable[[Case], dict[str, Any]] = lambda case: {}


def of_means(function, *, grid: bool = False, slow: bool = False, **options) -> Metric:
    """A metric of continuous codes and factors. A class number has no distance from another: z alone counts."""

    def inputs(case: Case):
        return (case.representation.mean, case.representation.factors), {"grid": case.grid} if grid else {}

    return Metric(function, inputs, "means", frozenset({"factors"}), options, slow)


def of_classes(function) -> Metric:
    """A metric of the most probable class of each image, in the first categorical block, and its true one."""
    needs = frozenset({"categorical", "classes"})
    return Metric(function, lambda case: ((case.representation.classes[:, 0], case.classes), {}), "classes", needs)


METRICS: dict[str, Metric] = {
    "likelihood_bounds": Metric(
        metrics.likelihood_bounds, lambda case: ((case.model, case.data), {}), "samples", frozenset({"likelihood"})
    ),
    "decomposition": Metric(
        metrics.decomposition,
        lambda case: ((case.q,), {}),
        "samples",
        more=lambda case: {
            "seed": case.seed,
            "num_samples": len(case.q.z),
            "rows": case.representation.size,
            "dataset_size": case.representation.dataset_size,
        },
    ),
    "active_units": Metric(metrics.active_units, lambda case: ((case.representation.mean,), {}), "means"),
    "class_information": Metric(
        metrics.class_information,
        lambda case: ((case.representation.probs,), {}),
        "class probabilities",
        frozenset({"categorical"}),
    ),
    "clustering_accuracy": of_classes(metrics.clustering_accuracy),
    "nmi": of_classes(metrics.nmi),
    "ari": of_classes(metrics.ari),
    "mig": Metric(
        metrics.mig,
        lambda case: (
            (case.representation.codes, case.representation.factors),
            {"discrete": case.representation.discrete},
        ),
        "means and classes",
        frozenset({"factors"}),
    ),
    "chen_mig": Metric(
        metrics.chen_mig,
        lambda case: (
            (case.representation.mean, case.representation.log_var, case.representation.factors),
            {"probabilities": case.representation.probs},
        ),
        "posteriors",
        frozenset({"factors"}),
    ),
    "beta_vae_score": of_means(metrics.beta_vae_score, grid=True),
    "factor_vae_score": of_means(metrics.factor_vae_score, grid=True),
    "modularity": of_means(metrics.modularity),
    "irs": of_means(metrics.irs),
    "dci_random_forest": of_means(metrics.dci, importance="random_forest"),
    "sap": of_means(metrics.sap, slow=True),
    "dci": of_means(metrics.dci, slow=True),
}


def compute(name: str, case: Case, *, bootstrap: int = 0, confidence: float = 0.95) -> tuple[dict, dict[str, Any]]:
    """(scores, protocol) of one metric: all arguments that decide the scores, its source, and what it warned of."""
    metric = METRICS[name]
    positional, decided = metric.inputs(case)
    parameters = inspect.signature(metric.function).parameters
    common = {"seed": case.seed, "bootstrap": bootstrap, "confidence": confidence, "progress": case.progress}
    given = {key: value for key, value in common.items() if key in parameters} | decided | metric.options
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        scores = metric.function(*positional, **given)
    defaults = {key: p.default for key, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    settled = {key: value for key, value in (defaults | given).items() if key not in ("progress", "probabilities")}
    settled |= metric.more(case)
    if "grid" in settled:
        settled["grid"] = "matching rows" if settled["grid"] is None else "full grid"
    protocol = {
        "definition": inspect.getdoc(metric.function).splitlines()[0],
        "computed_from": metric.codes,
        "arguments": settled,
        "warnings": [str(w.message) for w in warned],
    }
    return scores, protocol
