"""The registry of figures: what each needs, and how it is drawn."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaezoo import metrics, plots
from vaezoo.evaluation.context import EvaluationContext
from vaezoo.evaluation.registry import matrix_of
from vaezoo.metrics.information import entropies
from vaezoo.plots.labels import block_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = 500


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure in the registry.

    Attributes:
        draw: from a context and example images [n, H, W, C], a figure, or several by the names of their files.
        needs: inputs of `vaezoo.evaluation.selection.available_inputs` without which it does not apply.
        slow: is drawn only if requested by name or by "all".
    """

    draw: Callable[[EvaluationContext, np.ndarray], Figure | Mapping[str, Figure]]
    needs: frozenset[str] = frozenset()
    slow: bool = False


@dataclasses.dataclass(frozen=True)
class Animation:
    """An animation in the registry: a GIF, whatever the format of the figures.

    Attributes:
        write: writes the animation, from a context and example images [n, H, W, C], to a path.
        file: the name of the file.
        needs: as of `Drawing`.
        slow: as of `Drawing`.
    """

    write: Callable[[EvaluationContext, np.ndarray, Path], None]
    file: str
    needs: frozenset[str] = frozenset()
    slow: bool = False


def reconstructions(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws reconstructions of about ten images."""
    return plots.reconstructions(context.model, examples[:: len(examples) // 10 + 1])


def traversals(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws latent traversals."""
    return plots.traversals(context.model, examples, kl=context.kl)


def animated_traversals(context: EvaluationContext, examples: np.ndarray, file: Path) -> None:
    """Writes latent traversals as a GIF."""
    plots.animated_traversals(context.model, examples, file, kl=context.kl)


def kl_bars(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws KL and I(x; z_k) of each latent."""
    return plots.kl_bars(*(context.latents[name] for name in ("kl", "mi", "mi_se")))


def variance_information(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws the variances of each latent and I(x; z_k)."""
    return plots.variance_information(*(context.latents[name] for name in ("var_mean", "mean_var", "mi")))


def factor_information(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws the mutual information of factors and latents."""
    e = context.encoded
    blocks = len(e.probs)
    names = latent_names(context) + [block_label(i, blocks) for i in range(blocks)]
    columns = [*context.order, *e.discrete]
    information = metrics.mutual_information(e.codes, e.factors, discrete=e.discrete)[columns]
    return plots.factor_matrix(information, e.factor_names, entropy=entropies(e.factors), latents=names)


def latent_names(context: EvaluationContext) -> list[str]:
    """Returns the labels of the Gaussian latents, in the order of figures."""
    return [f"$z_{{{k}}}$" for k in context.order]


def score_matrix(metric: str, label: str, context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws the matrix behind a metric's score, of the same fit if the metric was computed."""
    values = matrix_of(metric, context)[context.order]
    return plots.score_matrix(values, context.encoded.factor_names, label=label, latents=latent_names(context))


def dci_matrix(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws importances: of the boosted trees if `dci` was computed, which takes minutes, or else of random forests."""
    boosted = "dci" in context.matrices
    name, trees = ("dci", "boosted trees") if boosted else ("dci_random_forest", "random forest")
    return score_matrix(name, f"importance ({trees})", context, examples)


def class_matrix(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws the classes of the first categorical block against the labels, or else the values of the first factor."""
    e = context.encoded
    options = {"K": e.probs[0].shape[1]}
    if e.labels is None:
        name = e.factor_names[0]
        values = context.data.factors.values[context.data.factors.column(name)]
        options |= {"label": name, "names": [f"{value:.3g}" for value in values[: e.factors[:, 0].max() + 1]]}
    return plots.class_matrix(context.predicted_classes, context.true_classes, **options)


def class_traversals(context: EvaluationContext, examples: np.ndarray) -> dict[str, Figure]:
    """Draws traversals for each class, of the two latents of greatest KL and of the one of least."""
    latents = dict.fromkeys([*context.order[:2], context.order[-1]])
    draw = partial(plots.class_traversals, context.model, examples, seed=context.seed)
    return {f"class_traversals_z{k}": draw(int(k)) for k in latents}


def mean_activations(context: EvaluationContext, examples: np.ndarray) -> Figure:
    """Draws the mean of each active latent against the values of the factors."""
    return plots.mean_activations(context.encoded, grid=context.data.factors)


FACTORS = frozenset({"factors"})
FIGURES: dict[str, Drawing | Animation] = {
    "reconstructions": Drawing(reconstructions),
    "traversals": Drawing(traversals),
    "animated_traversals": Animation(animated_traversals, "traversals.gif"),
    "kl": Drawing(kl_bars),
    "variance_information": Drawing(variance_information),
    "factor_information": Drawing(factor_information, FACTORS),
    "dci_matrix": Drawing(dci_matrix, FACTORS),
    "sap_matrix": Drawing(partial(score_matrix, "sap", "accuracy of prediction by $z_k$"), FACTORS),
    "irs_matrix": Drawing(partial(score_matrix, "irs", "robustness of $z_k$"), FACTORS),
    "mean_activations": Drawing(mean_activations, frozenset({"sprites"})),
    "class_matrix": Drawing(class_matrix, frozenset({"categorical", "classes"})),
    "class_traversals": Drawing(class_traversals, frozenset({"categorical"})),
}


def draw(
    context: EvaluationContext,
    names: Iterable[str],
    folder: Path,
    *,
    formats: Sequence[str] = ("png",),
    stage: Callable[[str], None] = lambda name: None,
) -> tuple[dict[str, list[Path]], dict[str, str]]:
    """Draws figures and writes each of them in every format.

    Args:
        context: the inputs.
        names: in FIGURES.
        folder: of the files, created if missing.
        formats: "png", "pdf", "svg".
        stage: is called with the name of each figure before it is drawn.

    Returns:
        The files of each figure, and the errors of the figures that could not be drawn (as no latent is active, say).

    Raises:
        OSError: if a figure cannot be written; the message has its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    examples = context.data.images(context.encoded.indices[:: context.encoded.size // EXAMPLES + 1])
    files: dict[str, list[Path]] = {}
    errors: dict[str, str] = {}
    for name in names:
        stage(f"figure {name}")
        try:
            files[name] = write(FIGURES[name], name, context, examples, folder, formats)
        except ValueError as error:
            errors[name] = str(error)
        except OSError as error:
            raise OSError(f"figure {name}: {error}") from error
    return files, errors


def write(
    entry: Drawing | Animation,
    name: str,
    context: EvaluationContext,
    examples: np.ndarray,
    folder: Path,
    formats: Sequence[str],
) -> list[Path]:
    """Draws one entry of the registry, writes it into `folder`, and returns its files."""
    if isinstance(entry, Animation):
        file = folder / entry.file
        entry.write(context, examples, file)
        return [file]
    drawn = entry.draw(context, examples)
    figures = drawn if isinstance(drawn, Mapping) else {name: drawn}
    return [save(figure, folder / f"{label}.{suffix}") for label, figure in figures.items() for suffix in formats]


def save(figure: Figure, file: Path) -> Path:
    """Writes a figure in the format of the file's name, with TrueType fonts in a PDF, as publishers require."""
    from matplotlib import rc_context

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # logs every glyph at INFO
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(file)
    return file
