"""The figures that apply to a model and its data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vaezoo import metrics, plots
from vaezoo.evaluate.catalogue import Case
from vaezoo.evaluate.choice import offers
from vaezoo.metrics.information import entropies
from vaezoo.plots.activations import ACTIVE

EXAMPLES = 500


def draw(case: Case, latents: Mapping[str, np.ndarray], folder: Path) -> list[Path]:
    """Draw and write them as PNG, the moving one as GIF; returns the files.

    latents: by `vaezoo.metrics.per_latent`, with the samples' I(x; z_k).
    """
    folder.mkdir(parents=True, exist_ok=True)
    model, data, representation = case.model, case.data, case.representation
    examples = data.images(representation.indices[:: representation.size // EXAMPLES + 1])
    drawn = {
        "reconstructions": plots.reconstructions(model, examples[:: len(examples) // 10 + 1]),
        "traversals": plots.traversals(model, examples),
        "kl": plots.kl_bars(latents["kl"], latents["mi"]),
        "variance_information": plots.variance_information(latents["var_mean"], latents["mean_var"], latents["mi"]),
    }
    if representation.factors is not None:
        information = metrics.mutual_information(
            representation.codes, representation.factors, discrete=representation.discrete
        )
        names = [f"$z_{{{k}}}$" for k in range(representation.mean.shape[1])]
        names += [f"$y_{{{i}}}$" for i in range(len(representation.probs))]
        drawn["factor_information"] = plots.factor_matrix(
            information, representation.factor_names, entropy=entropies(representation.factors), latents=names
        )
        sprites = {"x", "y", "scale", "orientation", "shape"} <= set(representation.factor_names)
        if sprites and max(latents["kl"]) > ACTIVE:
            drawn["mean_activations"] = plots.mean_activations(representation)
    if representation.probs:
        if "classes" in offers(model, data):
            drawn["class_matrix"] = plots.class_matrix(
                representation.classes[:, 0], case.classes, K=representation.probs[0].shape[1]
            )
        ranked = np.argsort(-latents["mi"], kind="stable")
        for k in dict.fromkeys([*ranked[:2], ranked[-1]]):  # two that tell most, and the one that tells least
            drawn[f"class_traversals_z{k}"] = plots.class_traversals(model, examples, int(k), seed=case.seed)
    files = [folder / f"{name}.png" for name in drawn]
    for file, figure in zip(files, drawn.values(), strict=True):
        figure.savefig(file)
    moving = folder / "traversals.gif"
    plots.animated_traversals(model, examples, moving)
    return [*files, moving]
