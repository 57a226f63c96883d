"""Every figure by name: what it needs, and how it is drawn of a model, its data and its representation."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaezoo import metrics, plots
from vaezoo.evaluate.catalogue import Case
from vaezoo.metrics.information import entropies
from vaezoo.plots.labels import block_label

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
    blocks = len(r.probs)
    names = latent_names(case) + [block_label(i, blocks) for i in range(blocks)]
    columns = [*case.order, *r.discrete]
    information = metrics.mutual_information(r.codes, r.factors, discrete=r.discrete)[columns]
    return plots.factor_matrix(information, r.factor_names, entropy=entropies(r.factors), latents=names)


def latent_names(case: Case) -> list[str]:
    """The names of the Gaussian latents, in the order of figures."""
    return [f"$z_{{{k}}}$" for k in case.order]


def matrix_behind(metric: str, label: str) -> Callable[[Case, np.ndarray], Figure]:
    """Draws the matrix behind a metric's score, of the same fit where the metric was computed."""

    def draw(case: Case, examples: np.ndarray) -> Figure:
        values = case.matrix(metric)[case.order]
        return plots.score_matrix(values, case.representation.factor_names, label=label, latents=latent_names(case))

    return draw


def dci_matrix(case: Case, examples: np.ndarray) -> Figure:
    """Of the boosted trees where `dci` was computed, which takes minutes; otherwise of the random forests."""
    boosted = "dci" in case.matrices
    name, trees = ("dci", "boosted trees") if boosted else ("dci_random_forest", "random forest")
    return matrix_behind(name, f"importance ({trees})")(case, examples)


def class_matrix(case: Case, examples: np.ndarray) -> Figure:
    """Of the first categorical block against the labels, or else the values of the first factor."""
    r = case.representation
    options = {"K": r.probs[0].shape[1]}
    if r.labels is None:
        name = r.factor_names[0]
        values = case.data.factors.values[case.data.factors.column(name)]
        options |= {"label": name, "names": [f"{value:.3g}" for value in values[: r.factors[:, 0].max() + 1]]}
    return plots.class_matrix(r.classes[:, 0], case.classes, **options)


def class_traversals(case: Case, examples: np.ndarray) -> dict[str, Figure]:
    """Of the two latents with most KL, and of the one with least."""
    chosen = dict.fromkeys([*case.order[:2], case.order[-1]])
    return {
        f"class_traversals_z{k}": plots.class_traversals(case.model, examples, int(k), seed=case.seed) for k in chosen
    }


def mean_activations(case: Case, examples: np.ndarray) -> Figure:
    """Of the active latents, against the real values of the factors."""
    return plots.mean_activations(case.representation, grid=case.data.factors)


FACTORS = frozenset({"factors"})
FIGURES: dict[str, Drawing] = {
    "reconstructions": Drawing(lambda case, x: plots.reconstructions(case.model, x[:: len(x) // 10 + 1])),
    "traversals": Drawing(lambda case, x: plots.traversals(case.model, x, kl=case.kl)),
    "animated_traversals": Drawing(lambda case, x: {}),  # a GIF, which `draw` writes
    "kl": Drawing(lambda case, x: plots.kl_bars(*(case.latents[name] for name in ("kl", "mi", "mi_se")))),
    "variance_information": Drawing(variance_information),
    "factor_information": Drawing(factor_information, FACTORS),
    "dci_matrix": Drawing(dci_matrix, FACTORS),
    "sap_matrix": Drawing(matrix_behind("sap", "accuracy of prediction by $z_k$"), FACTORS),
    "irs_matrix": Drawing(matrix_behind("irs", "robustness of $z_k$"), FACTORS),
    "mean_activations": Drawing(mean_activations, frozenset({"sprites"})),
    "class_matrix": Drawing(class_matrix, frozenset({"categorical", "classes"})),
    "class_traversals": Drawing(class_traversals, frozenset({"categorical"})),
}


def draw(
    case: Case,
    chosen: Iterable[str],
    folder: Path,
    *,
    formats: Sequence[str] = ("png",),
    stage: Callable[[str], None] = lambda name: None,
) -> tuple[dict[str, list[Path]], dict[str, str]]:
    """Draws the figures `chosen` of FIGURES and writes each in every format; what moves is a GIF whatever the format.

    stage: called before each figure with what is done.
    Returns the files of each figure, and the error of each that refused (no latent is active, say).
    Raises OSError, with the figure's name, where one cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    representation = case.representation
    examples = case.data.images(representation.indices[:: representation.size // EXAMPLES + 1])
    files: dict[str, list[Path]] = {}
    refused: dict[str, str] = {}
    for name in chosen:
        stage(f"figure {name}")
        try:
            if name == "animated_traversals":
                files[name] = [folder / "traversals.gif"]
                plots.animated_traversals(case.model, examples, files[name][0], kl=case.kl)
                continue
            drawn = FIGURES[name].draw(case, examples)
            figures = drawn if isinstance(drawn, Mapping) else {name: drawn}
            files[name] = [save(figure, folder / f"{label}.{f}") for label, figure in figures.items() for f in formats]
        except ValueError as error:
            refused[name] = str(error)
        except OSError as error:
            raise OSError(f"figure {name}: {error}") from error
    return {name: written for name, written in files.items() if name not in refused}, refused


def save(figure: Figure, file: Path) -> Path:
    """Writes a figure in the format of the file's name; the fonts of a PDF are TrueType, which publishers ask for."""
    from matplotlib import rc_context

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # which tells of every glyph, where INFO is shown
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(file)
    return file
