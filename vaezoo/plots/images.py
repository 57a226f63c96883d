"""What a model makes of images: reconstructions and latent traversals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from vaezoo.models import BaseVAE
from vaezoo.terms import categorical_kl, gaussian_kl

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reconstructions(model: BaseVAE, images: np.ndarray) -> Figure:
    """Images [n, H, W, C] above, their reconstructions below."""
    rows = np.stack([images, model.reconstruct(images)])
    return image_grid(rows, ["image", "reconstruction"])


def traversals(
    model: BaseVAE,
    images: np.ndarray,
    *,
    start: int | None = None,
    limits: tuple[float, float] = (-3, 3),
    columns: int = 11,
) -> Figure:
    """Decoded codes while one latent moves: a row for each, sorted by KL (in nats, its mean over `images`).

    images: [N, H, W, C]; images[start] gives the code that stays, by default the one with the mean code nearest to
    the prior's. z_k goes through `limits`, in standard
    deviations of the prior; a categorical block through its classes.
    """
    q = model.encode(images)
    start = int(tf.argmin(tf.reduce_sum(tf.square(q.mu), axis=-1))) if start is None else start
    code = q.typical()[start].numpy()
    d = model.latents.gaussian
    K = tf.reduce_mean(gaussian_kl(q.mu, q.log_var), axis=0).numpy()
    rows = []
    for k in np.argsort(-K, kind="stable"):
        codes = np.tile(code, (columns, 1))
        codes[:, k] = np.linspace(*limits, columns)
        rows.append((f"$z_{{{k}}}$  {K[k]:.2f}", codes))
    edges = d + np.cumsum([0, *model.latents.categorical])
    for i, (block, logits) in enumerate(zip(model.latents.categorical, q.logits, strict=True)):
        codes = np.tile(code, (block, 1))
        codes[:, edges[i] : edges[i + 1]] = np.eye(block)
        rows.append((f"$y_{{{i}}}$  {tf.reduce_mean(categorical_kl(logits)):.2f}", codes))
    pictures = [model.decode(codes).mean().numpy() for _, codes in rows]
    width = max(map(len, pictures))
    blank = np.ones((width, *model.image_shape), np.float32)
    padded = [np.concatenate([picture, blank[len(picture) :]]) for picture in pictures]
    ticks = [f"{value:g}" for value in np.linspace(*limits, columns)]
    return image_grid(np.stack(padded), [label for label, _ in rows], columns=ticks, title="latent, KL in nats")


def image_grid(rows: np.ndarray, labels: list[str], *, columns: list[str] | None = None, title: str = "") -> Figure:
    """A figure of images [R, n, H, W, C] with a label for each row and, if given, one for each column."""
    from matplotlib.figure import Figure

    R, n, H, W, C = rows.shape
    gap = max(1, H // 32)
    canvas = np.ones((R * (H + gap) - gap, n * (W + gap) - gap, C), np.float32)
    for i, j in np.ndindex(R, n):
        canvas[i * (H + gap) :, j * (W + gap) :][:H, :W] = rows[i, j].clip(0, 1)
    inch = 0.5
    height = inch * canvas.shape[0] / W
    figure = Figure(figsize=(inch * canvas.shape[1] / W + 1.2, height + 0.5), layout="constrained", dpi=200)
    axes = figure.add_subplot()
    axes.imshow(canvas.squeeze(-1) if C == 1 else canvas, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks([i * (H + gap) + H / 2 for i in range(R)], labels, fontsize=8)
    axes.set_xticks([j * (W + gap) + W / 2 for j in range(n)], columns or [""] * n, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title, fontsize=8, loc="left")
    return figure
