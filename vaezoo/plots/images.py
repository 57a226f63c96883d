"""What a model makes of images: reconstructions and latent traversals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from vaezoo.data.images import displayable
from vaezoo.models import BaseVAE
from vaezoo.plots.names import block_name, visible
from vaezoo.plots.style import WIDTH, fonts, new_figure
from vaezoo.terms import categorical_kl, gaussian_kl

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reconstructions(model: BaseVAE, images: np.ndarray) -> Figure:
    """Images [n, H, W, C] above, their reconstructions below."""
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
    """Decoded codes while one latent moves: a row for each, sorted by KL in nats, then one for each categorical block.

    images: [N, H, W, C]; images[start] gives the code that stays, by default the one with the mean code nearest to
    the prior's. z_k goes through `limits`, in standard deviations of the prior; a categorical block through its
    classes. kl: of each z_k, then of each categorical block, such as the means over a whole data set, which then
    decide the order; by default the means over `images`.
    Raises ValueError for another number of KLs.
    """
    labels, codes = moved_codes(model, images, start=start, values=np.linspace(*limits, columns), kl=kl)
    pictures = [model.decode(row).mean().numpy() for row in codes]
    width = max(map(len, pictures))
    blank = np.ones((width, *model.image_shape), np.float32)
    padded = [np.concatenate([picture, blank[len(picture) :]]) for picture in pictures]
    ticks = numbers(limits, columns) + [""] * (width - columns)
    blocks = model.latents.categorical
    classes = [f"{block_name(i, len(blocks))}: class 0 to {K - 1}" for i, K in enumerate(blocks)]
    axis = ";  ".join(["value of $z_k$", *classes])
    return image_grid(np.stack(padded), labels, columns=ticks, title="latent, KL in nats", xlabel=axis)


def moved_codes(
    model: BaseVAE, images: np.ndarray, *, start: int | None, values: np.ndarray, kl: Sequence[float] | None = None
):
    """Labels and codes of the rows of `traversals`: [len(values), D] of each z_k by falling KL, [K, D] of each y."""
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
        labels.append(f"{block_name(i, len(model.latents.categorical))}  {kl[d + i]:.2f}")
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
    """Decoded codes while z_latent moves, a row for each class of a categorical block (IMAE, Figure 1 b to d).

    The code of each row is that of an image drawn from those of `images` [N, H, W, C] whose most probable class is
    the row's; a class without images has an empty row. Raises ValueError where there is no such latent or block.
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
        moved = np.tile(codes[rng.choice(np.flatnonzero(classes == y))], (columns, 1))
        moved[:, latent] = np.linspace(*limits, columns)
        rows[y] = model.decode(moved).mean().numpy()
    labels = [f"{block_name(block, len(blocks))} = {y}" for y in range(blocks[block])]
    return image_grid(rows, labels, columns=numbers(limits, columns), xlabel=f"value of $z_{{{latent}}}$")


def numbers(limits: tuple[float, float], columns: int) -> list[str]:
    """Labels of the columns; every other one where they would touch."""
    every = 1 if columns <= 7 else 2
    values = [f"{value:.2g}".replace("-", "\N{MINUS SIGN}") for value in np.linspace(*limits, columns)]
    return [value if i % every == 0 else "" for i, value in enumerate(values)]


def tiled(rows: np.ndarray) -> np.ndarray:
    """Images [R, n, H, W, C] side by side, with white gaps: [R (H + gap) - gap, n (W + gap) - gap, C]."""
    R, n, H, W, C = rows.shape
    gap = max(1, H // 32)
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
    """A figure of images [R, n, H, W, C] with a label for each row and, if given, one for each column and for all.

    Of images that a picture cannot show, it shows the first channels (`vaezoo.data.images.displayable`).
    """
    rows = displayable(rows)
    R, n, H, W, C = rows.shape
    canvas = tiled(rows)
    gap = max(1, H // 32)
    margin = 0.075 * max(map(len, map(visible, labels)))  # inches that the labels of the rows take
    with fonts():
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
