"""Heat maps of factors against latents, and of classes against labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.plots.labels import wrap
from vaezoo.plots.style import COLORMAP, FONT_SIZE, WIDTH, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def factor_matrix(
    information: np.ndarray,
    factors: Sequence[str],
    *,
    entropy: Sequence[float] | None = None,
    latents: Sequence[str] | None = None,
) -> Figure:
    """Plots I(z_j; v_k) with one row per factor and one column per latent.

    Args:
        information: I(z_j; v_k), [D, F] nats, as `vaezoo.metrics.mutual_information` returns it.
        factors: names of the F factors.
        entropy: H(v_k), [F] nats, by which the information is divided if given. The maximum is then 1, and the MIG is
            the mean gap between the two largest values of each row.
        latents: names of the D latents; by default z_0, z_1, ...

    Returns:
        The figure.
    """
    shares = information.T if entropy is None else information.T / np.asarray(entropy)[:, None]
    names = [f"$z_{{{j}}}$" for j in range(len(information))] if latents is None else latents
    label = "$I(z_j; v_k)$ (nats)" if entropy is None else "$I(z_j; v_k) / H(v_k)$"
    return heat_map(shares, factors, names, label=label, top=None)


def score_matrix(
    values: np.ndarray, factors: Sequence[str], *, label: str, latents: Sequence[str] | None = None
) -> Figure:
    """Plots the matrix from which DCI, SAP or IRS is computed, with one row per factor and one column per latent.

    Args:
        values: [D, F], as `vaezoo.metrics.dci`, `sap` and `irs` return it with `return_matrix=True`.
        factors: names of the F factors.
        label: label of the colour bar.
        latents: names of the D latents; by default z_0, z_1, ...

    Returns:
        The figure.
    """
    names = [f"$z_{{{j}}}$" for j in range(len(values))] if latents is None else latents
    return heat_map(np.transpose(values), factors, names, label=label, top=None)


def class_matrix(
    classes: np.ndarray,
    labels: np.ndarray,
    *,
    K: int | None = None,
    names: Sequence[str] | None = None,
    label: str = "label",
) -> Figure:
    """Plots the fraction of each true label in each class, with one row per class and one column per label.

    The rows add up to 1 and are ordered by their most frequent label. The row of a class without images is empty.

    Args:
        classes: int [N], the most probable class of each image.
        labels: int [N], the true label of each image.
        K: number of classes; by default the largest in `classes` plus one.
        names: names of the labels 0, 1, ...; by default these numbers.
        label: axis label of the columns.

    Returns:
        The figure.

    References:
        IMAE, Figure 1 e and f.
    """
    K, L = K or classes.max() + 1, labels.max() + 1
    count = np.bincount(classes * L + labels, minlength=K * L).reshape(K, L)
    with np.errstate(invalid="ignore"):
        shares = count / count.sum(axis=1, keepdims=True)  # NaN, drawn white, for a class without images
    order = np.lexsort((-count.max(axis=1), count.argmax(axis=1) + L * (count.sum(axis=1) == 0)))
    names = [str(label) for label in range(L)] if names is None else names
    figure = heat_map(shares[order], [f"$y$ = {y}" for y in order], names, label="share of the class", top=1.0)
    figure.axes[0].set_xlabel(label)
    return figure


def heat_map(
    values: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, label: str, top: float | None
) -> Figure:
    """Plots a heat map, with the values written into the cells if they fit.

    Args:
        values: [R, C]; NaN is drawn white.
        rows: R labels of the rows.
        columns: C labels of the columns.
        label: label of the colour bar.
        top: value of the last colour; None for the maximum. The first colour is 0.

    Returns:
        The figure.
    """
    R, C = values.shape
    side = (WIDTH - 1.1) / C
    height = R * min(max(side, 0.15), 0.3) + 0.45
    with paper_style():
        figure = new_figure(height)
        axes = figure.add_subplot()
        top = max(float(np.nanmax(values)), 1e-9) if top is None else top
        image = axes.imshow(values, cmap=COLORMAP, vmin=0, vmax=top, aspect="auto", interpolation="nearest")
        axes.set_xticks(range(C), columns)
        axes.set_yticks(range(R), rows)
        axes.tick_params(length=0)
        if side >= 0.19:
            for i, j in np.argwhere(values >= 0.005):
                dark = values[i, j] < 0.55 * top
                text = f"{values[i, j]:.2f}".removeprefix("0") if values[i, j] < 0.995 else f"{values[i, j]:.1f}"
                axes.text(j, i, text, ha="center", va="center", color="white" if dark else "black")
        lines = wrap(label, int(0.9 * height * 72 / (0.6 * FONT_SIZE)))  # a letter is about 0.6 of its size wide
        figure.colorbar(image, ax=axes, label=lines, pad=0.02).outline.set_linewidth(0.4)
    return figure
