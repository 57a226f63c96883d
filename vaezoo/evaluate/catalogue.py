"""Every metric by name: what it needs, and how it is called on a model, its data and its representation."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from vaezoo import metrics
from vaezoo.data import FactorGrid, ImageData
from vaezoo.metrics import Exported, Representation
from vaezoo.metrics.information import entropy
from vaezoo.metrics.unsupervised import per_dimension_kl
from vaezoo.models import BaseVAE
from vaezoo.terms import AggregatePosterior

UNTOLD = ("progress", "probabilities", "return_matrix")  # arguments that no protocol names


@dataclasses.dataclass
class Case:
    """What metrics and figures are computed from; what takes long is made when first asked for.

    matrices: metric -> the matrix behind its score, float64 [d, F], of those that have one and were computed.
    """

    model: BaseVAE | Exported
    data: ImageData
    representation: Representation
    seed: int = 0
    progress: bool = False
    matrices: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @cached_property
    def kl(self) -> np.ndarray:
        """The mean KL over all rows, in nats, of each Gaussian latent, then of each categorical block, float64."""
        r = self.representation
        of_blocks = [np.log(p.shape[1]) - entropy(p.astype(np.float64)).mean() for p in r.probs]
        return np.concatenate([per_dimension_kl(r.mean, r.log_var), of_blocks])

    @property
    def order(self) -> np.ndarray:
        """The order in which every figure has the Gaussian latents, [d]: by falling KL."""
        return np.argsort(-self.kl[: self.representation.mean.shape[1]], kind="stable")

    def matrix(self, metric: str) -> np.ndarray:
        """The matrix [d, F] behind the score of a metric, computed now unless it was."""
        if metric not in self.matrices:
            compute(metric, self)
        return self.matrices[metric]

    @cached_property
    def q(self) -> AggregatePosterior:
        """The aggregate posterior, at samples of it."""
        r = self.representation
        options = {"seed": self.seed, "dataset_size": r.dataset_size, "progress": self.progress}
        return metrics.aggregate(r.mean, r.log_var, **options)

    @cached_property
    def latents(self) -> dict[str, np.ndarray]:
        """`per_latent`, with I(x; z_k)."""
        return metrics.per_latent(self.representation.mean, self.representation.log_var, self.q)

    @property
    def grid(self) -> FactorGrid | None:
        """The grid of factors, where the rows are all of it."""
        r = self.representation
        return FactorGrid(r.factor_names, r.factor_sizes) if r.whole_grid else None

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
    needs: of "factors", "classes" (labels or factors), "categorical" (latents), "likelihood" (no SavedModel): what
    `vaezoo.evaluate.choice.offers` tells.
    slow: only computed if asked for by name, or by "all".
    """

    function: Callable[..., dict[str, Any]]
    inputs: Callable[[Case], tuple[tuple, dict[str, Any]]]
    codes: str
    needs: frozenset[str] = frozenset()
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    slow: bool = False
    more: Callable[[Case], dict[str, Any]] = lambda case: {}


def varying(r: Representation) -> tuple[Representation, list[str]]:
    """A representation without the factors that have one value in its rows, and their names."""
    if r.factors is None:
        return r, []
    constant = np.ptp(r.factors, axis=0) == 0
    names, sizes = (tuple(np.array(kept)[~constant].tolist()) for kept in (r.factor_names, r.factor_sizes))
    left_out = [name for name, alone in zip(r.factor_names, constant, strict=True) if alone]
    return dataclasses.replace(r, factors=r.factors[:, ~constant], factor_names=names, factor_sizes=sizes), left_out


def of_samples(case: Case) -> dict[str, Any]:
    """What the samples of the aggregate posterior add to a protocol."""
    r = case.representation
    return {"seed": case.seed, "num_samples": len(case.q.z), "rows": r.size, "dataset_size": r.dataset_size}


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
    "decomposition": Metric(metrics.decomposition, lambda case: ((case.q,), {}), "samples", more=of_samples),
    "per_latent": Metric(
        metrics.per_latent,
        lambda case: ((case.representation.mean, case.representation.log_var, case.q), {}),
        "posteriors and samples",
        more=of_samples,
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
    "sap": of_means(metrics.sap),
    "dci": of_means(metrics.dci, slow=True),
}


def compute(name: str, case: Case, *, bootstrap: int = 0, confidence: float = 0.95) -> tuple[dict, dict[str, Any]]:
    """(scores, protocol) of one metric: all arguments that decide the scores, its source, and what it warned of.

    Where the metric can return the matrix behind its score, that is put into `case.matrices`.
    """
    metric = METRICS[name]
    positional, decided = metric.inputs(case)
    parameters = inspect.signature(metric.function).parameters
    common = {"seed": case.seed, "bootstrap": bootstrap, "confidence": confidence, "progress": case.progress}
    common["return_matrix"] = True
    given = {key: value for key, value in common.items() if key in parameters} | decided | metric.options
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        scores = metric.function(*positional, **given)
    for key in [key for key in scores if key.endswith("_matrix")]:
        case.matrices[name] = scores.pop(key)
    defaults = {key: p.default for key, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    settled = {key: value for key, value in (defaults | given).items() if key not in UNTOLD}
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
