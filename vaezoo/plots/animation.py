"""Animated latent traversals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.data.images import displayable
from vaezoo.extras import extra
from vaezoo.models import BaseVAE
from vaezoo.plots.images import traversal_codes
from vaezoo.plots.style import WIDTH, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def animated_traversals(
    model: BaseVAE,
    images: np.ndarray,
    file: str | os.PathLike,
    *,
    start: int | None = None,
    limits: tuple[float, float] = (-3, 3),
    frames: int = 24,
    fps: int = 12,
    kl: Sequence[float] | None = None,
) -> Figure:
    """Writes a GIF in which every z_k oscillates within `limits`, each in a panel of its own.

    The values follow a cosine, so that the loop is seamless. The panels are in descending order of KL, which their
    titles state in nats. The value of z_k is written below each frame.

    Args:
        model: the model.
        images: [N, H, W, C] in [0, 1].
        file: the GIF file to write.
        start: index of the image whose code is varied, as for `traversals`.
        limits: smallest and largest value of z_k, in standard deviations of the prior.
        frames: number of frames.
        fps: frames per second.
        kl: KL of each latent in nats, as for `traversals`.

    Returns:
        The figure, which shows the last frame.

    Raises:
        ValueError: if the number of KLs differs from the number of latents.
    """
    with extra("plots"):
        from matplotlib.animation import PillowWriter

    values = np.mean(limits) - np.ptp(limits) / 2 * np.cos(2 * np.pi * np.arange(frames) / frames)
    labels, codes = traversal_codes(model, images, start=start, values=values, kl=kl)
    d = model.latents.gaussian
    pictures = np.stack([model.decode(row).mean().numpy() for row in codes[:d]])  # [d, frames, H, W, C]
    columns = min(d, 5)
    rows = -(-d // columns)
    with paper_style():
        figure = new_figure(rows * (WIDTH / columns + 0.18) + 0.16)
        figure.set_dpi(150)  # for screens
        shown = []
        for k, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
            axes.set_axis_off()
            if k < d:
                axes.set_title(labels[k], pad=2)
                shown.append(
                    axes.imshow(displayed(pictures[k, 0]), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                )
        caption = figure.supxlabel("")
        writer = PillowWriter(fps=fps)
        with writer.saving(figure, str(file), dpi=150):
            for frame in range(frames):
                for artist, picture in zip(shown, pictures, strict=True):
                    artist.set_data(displayed(picture[frame]))
                caption.set_text(f"value of $z_k$: {values[frame]:+.1f}".replace("-", "\N{MINUS SIGN}"))
                writer.grab_frame()
    return figure


def displayed(image: np.ndarray) -> np.ndarray:
    """Converts an image [H, W, C] for `Axes.imshow`: [H, W] or [H, W, 3 or 4], in [0, 1]."""
    image = displayable(image).clip(0, 1)
    return image[..., 0] if image.shape[-1] == 1 else image
