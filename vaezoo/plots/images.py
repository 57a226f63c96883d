"""Reconstructions and latent traversals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from vaezoo.data.images import displayable
from vaezoo.models import BaseVAE
from vaezoo.plots.labels import block_label, without_markup
from vaezoo.plots.style import WIDTH, new_figure, paper_style
from vaezoo.terms import categorical_kl, gaussian_kl

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reconstructions(model: BaseVAE, images: np.ndarray) -> Figure:
    """Plots images above their reconstructions.

    Args:
        model: the model.
        images: [n, H, W, C] in [0, 1].

    Returns:
        The figure.
    """
    rows = np.stack([images, model.reconstruct(images)])
    return image_grid(rows, ["image", "recon."])


def traversals(
    model: BaseVAE,
    images: np.ndarray,
    *,
    start: int | None = None,
    limits: tuple[float, float] = (-3, 3),
    columns: int = 11,
    kl: Sequence[float] | None = None,
) -> Figure:
    """Plots the decoded images of a code in which one latent at a time is varied.

    There is one row for each z_k, in descending order of KL, and then one for each categorical block, which is set to
    each of its classes. The labels of the rows state the KL in nats.

    Args:
        model: the model.
        images: [N, H, W, C] in [0, 1].
        start: index of the image whose code is varied; by default the one whose mean code is nearest to the origin.
        limits: smallest and largest value of z_k, in standard deviations of the prior.
        columns: number of values of z_k.
        kl: KL of each z_k, then of each categorical block, in nats, such as the means over a whole data set; by default
            the means over `images`.

    Returns:
        The figure.

    Raises:
        ValueError: if the number of KLs differs from the number of latents.
    """
    labels, codes = traversal_codes(model, images, start=start, values=np.linspace(*limits, columns), kl=kl)
    pictures = [model.decode(row).mean().numpy() for row in codes]
    width = max(map(len, pictures))
    blank = np.ones((width, *model.image_shape), np.float32)
    padded = [np.concatenate([picture, blank[len(picture) :]]) for picture in pictures]
    ticks = tick_labels(limits, columns) + [""] * (width - columns)
    blocks = model.latents.categorical
    classes = [f"{block_label(i, len(blocks))}: class 0 to {K - 1}" for i, K in enumerate(blocks)]
    axis = ";  ".join(["value of $z_k$", *classes])
    return image_grid(np.stack(padded), labels, columns=ticks, title="latent, KL in nats", xlabel=axis)


def traversal_codes(
    model: BaseVAE, images: np.ndarray, *, start: int | None, values: np.ndarray, kl: Sequence[float] | None = None
) -> tuple[list[str], list[np.ndarray]]:
    """Builds the labels and the codes of the rows of `traversals`.

    Args:
        model: the model.
        images: [N, H, W, C] in [0, 1].
        start: as for `traversals`.
        values: [n], the values of z_k.
        kl: as for `traversals`.

    Returns:
        The labels of the rows, and their codes: [n, D] for each z_k in descending order of KL, then [K, D] for each
        categorical block.

    Raises:
        ValueError: if the number of KLs differs from the number of latents.
    """
    q = model.encode(images)
    start = int(tf.argmin(tf.reduce_sum(tf.square(q.mu), axis=-1))) if start is None else start
    code = q.mode()[start].numpy()
    d = model.latents.gaussian
    if kl is None:
        of_images = [gaussian_kl(q.mu, q.log_var), *(categorical_kl(logits)[:, None] for logits in q.logits)]
        kl = tf.reduce_mean(tf.concat(of_images, axis=1), axis=0)
    if len(kl) != d + len(model.latents.categorical):
        raise ValueError(f"`kl` must have a number for each latent of {model.latents}. Received: {len(kl)}")
    kl = np.asarray(kl)
    labels, rows = [], []
    for k in np.argsort(-kl[:d], kind="stable"):
        codes = np.tile(code, (len(values), 1))
        codes[:, k] = values
        labels.append(f"$z_{{{k}}}$  {kl[k]:.2f}")
        rows.append(codes)
    edges = d + np.cumsum([0, *model.latents.categorical])
    for i, block in enumerate(model.latents.categorical):
        codes = np.tile(code, (block, 1))
        codes[:, edges[i] : edges[i + 1]] = np.eye(block)
        labels.append(f"{block_label(i, len(model.latents.categorical))}  {kl[d + i]:.2f}")
        rows.append(codes)
    return labels, rows


def class_traversals(
    model: BaseVAE,
    images: np.ndarray,
    latent: int,
    *,
    block: int = 0,
    limits: tuple[float, float] = (-2, 2),
    columns: int = 9,
    seed: int = 0,
) -> Figure:
    """Plots the decoded images of codes in which one Gaussian latent is varied, with one row for each class.

    The code of a row is that of an image drawn from those whose most probable class is the row's. A class without
    images has an empty row.

    Args:
        model: the model, with Gaussian and categorical latents.
        images: [N, H, W, C] in [0, 1].
        latent: index of the Gaussian latent.
        block: index of the categorical block.
        limits: smallest and largest value of the latent, in standard deviations of the prior.
        columns: number of values of the latent.
        seed: determines which images are drawn.

    Returns:
        The figure.

    Raises:
        ValueError: if the model has no such latent or block.

    References:
        IMAE, Figure 1 b to d.
    """
    blocks, d = model.latents.categorical, model.latents.gaussian
    if not (0 <= block < len(blocks) and 0 <= latent < d):
        raise ValueError(
            f"Expected `latent` in 0 ... {d - 1} and `block` in 0 ... {len(blocks) - 1} of {model.latents}. "
            f"Received: latent={latent}, block={block}"
        )
    q, rng = model.encode(images), np.random.default_rng(seed)
    codes, classes = q.mode().numpy(), np.argmax(q.logits[block], axis=-1)
    rows = np.ones((blocks[block], columns, *model.image_shape), np.float32)
    for y in np.unique(classes):
        varied = np.tile(codes[rng.choice(np.flatnonzero(classes == y))], (columns, 1))
        varied[:, latent] = np.linspace(*limits, columns)
        rows[y] = model.decode(varied).mean().numpy()
    labels = [f"{block_label(block, len(blocks))} = {y}" for y in range(blocks[block])]
    return image_grid(rows, labels, columns=tick_labels(limits, columns), xlabel=f"value of $z_{{{latent}}}$")


def tick_labels(limits: tuple[float, float], columns: int) -> list[str]:
    """Formats the values of the columns. With more than seven, every other label is empty so that none overlap."""
    every = 1 if columns <= 7 else 2
    values = [f"{value:.2g}".replace("-", "\N{MINUS SIGN}") for value in np.linspace(*limits, columns)]
    return [value if i % every == 0 else "" for i, value in enumerate(values)]


def tile(rows: np.ndarray, gap: int) -> np.ndarray:
    """Tiles images [R, n, H, W, C] with white gaps, in pixels, to [R (H + gap) - gap, n (W + gap) - gap, C]."""
    R, n, H, W, C = rows.shape
    canvas = np.ones((R * (H + gap) - gap, n * (W + gap) - gap, C), np.float32)
    for i, j in np.ndindex(R, n):
        canvas[i * (H + gap) :, j * (W + gap) :][:H, :W] = rows[i, j].clip(0, 1)
    return canvas


def image_grid(
    rows: np.ndarray,
    labels: Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    title: str = "",
    xlabel: str = "",
) -> Figure:
    """Plots a grid of images.

    Of images with a number of channels that cannot be displayed, the first channels are shown (see
    `vaezoo.data.images.displayable`).

    Args:
        rows: images [R, n, H, W, C] in [0, 1].
        labels: R labels of the rows.
        columns: n labels of the columns; None for none.
        title: title above the grid, on the left.
        xlabel: label below the columns.

    Returns:
        The figure.
    """
    rows = displayable(rows)
    R, n, H, W, C = rows.shape
    gap = max(1, H // 32)  # pixels
    canvas = tile(rows, gap)
    margin = 0.075 * max(map(len, map(without_markup, labels)))  # inches for the labels of the rows
    with paper_style():
        figure = new_figure(
            (WIDTH - margin) * canvas.shape[0] / canvas.shape[1]
            + (0.2 if columns else 0.05)
            + 0.2 * bool(title)
            + 0.15 * bool(xlabel)
        )
        axes = figure.add_subplot()
        shown = canvas.squeeze(-1) if C == 1 else canvas
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        axes.set_yticks([i * (H + gap) + H / 2 for i in range(R)], labels)
        axes.set_xticks([j * (W + gap) + W / 2 for j in range(n)], columns or [""] * n)
        axes.tick_params(length=0, pad=2)
        axes.set_xlabel(xlabel, labelpad=2)
        axes.spines[:].set_visible(False)
        if title:
            axes.set_title(title, loc="left", pad=3)
    return figure
