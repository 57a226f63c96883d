"""Every figure by name: what it needs, and how it is drawn of a model, its data and its representation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaezoo import metrics, plots
from vaezoo.evaluate.catalogue import Case
from vaezoo.metrics.information import entropies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = 500


@dataclasses.dataclass(frozen=True)
class Drawing:
    """An entry of FIGURES.

    draw: a case and examples of its images -> a figure, or several by the names of their files.
    needs: as of a metric, or "sprites", the factors of dSprites.
    """

    draw: Callable[[Case, np.ndarray], Figure | Mapping[str, Figure]]
    needs: frozenset[str] = frozenset()
    slow: bool = False


def variance_information(case: Case, examples: np.ndarray) -> Figure:
    """Of the latents' variances, and I(x; z_k)."""
    return plots.variance_information(*(case.latents[name] for name in ("var_mean", "mean_var", "mi")))


def factor_information(case: Case, examples: np.ndarray) -> Figure:
    """Of factors against all latents."""
    r = case.representation
    names = [f"$z_{{{k}}}$" for k in range(r.mean.shape[1])] + [f"$y_{{{i}}}$" for i in range(len(r.probs))]
    information = metrics.mutual_information(r.codes, r.factors, discrete=r.discrete)
    return plots.factor_matrix(information, r.factor_names, entropy=entropies(r.factors), latents=names)


def class_matrix(case: Case, examples: np.ndarray) -> Figure:
    """Of the first categorical block against the labels."""
    r = case.representation
    return plots.class_matrix(r.classes[:, 0], case.classes, K=r.probs[0].shape[1])


def class_traversals(case: Case, examples: np.ndarray) -> dict[str, Figure]:
    """Of the two latents that tell most, and of the one that tells least."""
    ranked = np.argsort(-case.latents["mi"], kind="stable")
    return {
        f"class_traversals_z{k}": plots.class_traversals(case.model, examples, int(k), seed=case.seed)
        for k in dict.fromkeys([*ranked[:2], ranked[-1]])
    }


FIGURES: dict[str, Drawing] = {
    "reconstructions": Drawing(lambda case, x: plots.reconstructions(case.model, x[:: len(x) // 10 + 1])),
    "traversals": Drawing(lambda case, x: plots.traversals(case.model, x)),
    "animated_traversals": Drawing(lambda case, x: {}),  # which writes its own file, traversals.gif
    "kl": Drawing(lambda case, x: plots.kl_bars(*(case.latents[name] for name in ("kl", "mi", "mi_se")))),
    "variance_information": Drawing(variance_information),
    "factor_information": Drawing(factor_information, frozenset({"factors"})),
    "mean_activations": Drawing(lambda case, x: plots.mean_activations(case.representation), frozenset({"sprites"})),
    "class_matrix": Drawing(class_matrix, frozenset({"categorical", "classes"})),
    "class_traversals": Drawing(class_traversals, frozenset({"categorical"})),
}


def draw(case: Case, chosen: Collection[str], folder: Path, named: Collection[str] = ()) -> list[Path]:
    """Draw the figures `chosen` of FIGURES and write them as PNG, the moving one as GIF; returns the files.

    One that refuses (no latent is active, say) is left out, or raises its ValueError if it is among those `named`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    representation, files = case.representation, []
    examples = case.data.images(representation.indices[:: representation.size // EXAMPLES + 1])
    for name in chosen:
        try:
            drawn = FIGURES[name].draw(case, examples)
        except ValueError:
            if name in named:
                raise
            continue
        for label, figure in (drawn if isinstance(drawn, Mapping) else {name: drawn}).items():
            files.append(folder / f"{label}.png")
            figure.savefig(files[-1])
    if "animated_traversals" in chosen:
        files.append(folder / "traversals.gif")
        plots.animated_traversals(case.model, examples, files[-1])
    return files
