"""Matrices: factors against latents, classes against labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.plots.names import wrapped
from vaezoo.plots.style import FONT, MAP, WIDTH, fonts, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def factor_matrix(
    information: np.ndarray,
    factors: Sequence[str],
    *,
    entropy: Sequence[float] | None = None,
    latents: Sequence[str] | None = None,
) -> Figure:
    """I(z_j; v_k) in nats, a row for each factor and a column for each latent.

    information: [D, F], by `vaezoo.metrics.mutual_information`. factors: their F names. entropy: H(v_k) [F] nats, by
    which it is divided if given: 1 is then all there is to know, and MIG the gap between a row's two largest.
    latents: their D names, z_0, z_1, ... by default.
    """
    shares = information.T if entropy is None else information.T / np.asarray(entropy)[:, None]
    names = [f"$z_{{{j}}}$" for j in range(len(information))] if latents is None else latents
    label = "$I(z_j; v_k)$ (nats)" if entropy is None else "$I(z_j; v_k) / H(v_k)$"
    return matrix(shares, factors, names, label=label, top=None)


def score_matrix(
    values: np.ndarray, factors: Sequence[str], *, label: str, latents: Sequence[str] | None = None
) -> Figure:
    """The matrix behind DCI, SAP or IRS, a row for each factor and a column for each latent.

    values: [D, F], as `vaezoo.metrics.dci`, `sap` and `irs` return them with `return_matrix=True`. factors: their F
    names. label: what a value is. latents: their D names, z_0, z_1, ... by default.
    """
    names = [f"$z_{{{j}}}$" for j in range(len(values))] if latents is None else latents
    return matrix(np.transpose(values), factors, names, label=label, top=None)


def class_matrix(
    classes: np.ndarray,
    labels: np.ndarray,
    *,
    K: int | None = None,
    names: Sequence[str] | None = None,
    label: str = "label",
) -> Figure:
    """The share of each true label in each class: a row for each y, a column for each label (IMAE, Figure 1 e, f).

    classes: int [N], the most probable y of each image; labels: int [N]. K: how many classes there are; by default
    those up to the greatest seen. names: of the labels 0, 1, ... label: what they are, on the axis.
    Rows add up to 1; one of a class without images is empty. They are ordered by their commonest label.
    """
    K, L = K or classes.max() + 1, labels.max() + 1
    count = np.bincount(classes * L + labels, minlength=K * L).reshape(K, L)
    with np.errstate(invalid="ignore"):
        shares = count / count.sum(axis=1, keepdims=True)  # NaN, drawn white, for a class without images
    order = np.lexsort((-count.max(axis=1), count.argmax(axis=1) + L * (count.sum(axis=1) == 0)))
    names = [str(label) for label in range(L)] if names is None else names
    figure = matrix(shares[order], [f"$y$ = {y}" for y in order], names, label="share of the class", top=1.0)
    figure.axes[0].set_xlabel(label)
    return figure


def matrix(values: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, label: str, top: float | None) -> Figure:
    """A map of values [R, C] from 0 to `top` (the greatest, if None), with the numbers written where they fit."""
    R, C = values.shape
    side = (WIDTH - 1.1) / C
    height = R * min(max(side, 0.15), 0.3) + 0.45
    with fonts():
        figure = new_figure(height)
        axes = figure.add_subplot()
        top = max(float(np.nanmax(values)), 1e-9) if top is None else top
        image = axes.imshow(values, cmap=MAP, vmin=0, vmax=top, aspect="auto", interpolation="nearest")
        axes.set_xticks(range(C), columns)
        axes.set_yticks(range(R), rows)
        axes.tick_params(length=0)
        if side >= 0.19:
            for i, j in np.argwhere(values >= 0.005):
                dark = values[i, j] < 0.55 * top
                text = f"{values[i, j]:.2f}".removeprefix("0") if values[i, j] < 0.995 else f"{values[i, j]:.1f}"
                axes.text(j, i, text, ha="center", va="center", color="white" if dark else "black")
        lines = wrapped(label, int(0.9 * height * 72 / (0.6 * FONT)))  # a letter is about 0.6 of its size wide
        figure.colorbar(image, ax=axes, label=lines, pad=0.02).outline.set_linewidth(0.4)
    return figure
