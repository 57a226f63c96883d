"""Latent traversals that move."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.data.images import displayable
from vaezoo.extras import extra
from vaezoo.models import BaseVAE
from vaezoo.plots.images import moved_codes
from vaezoo.plots.style import WIDTH, fonts, new_figure

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
    """Write a GIF in which every z_k goes there and back within `limits`, all side by side; returns its last frame.

    images, start, kl: as for `traversals`; so is the order of the latents, by falling KL in nats, which their titles
    give. The value of z_k in each frame stands below. The values follow a cosine, so the loop has no seam. Needs
    Pillow, which Matplotlib brings.
    """
    with extra("plots"):
        from matplotlib.animation import PillowWriter

    values = np.mean(limits) - np.ptp(limits) / 2 * np.cos(2 * np.pi * np.arange(frames) / frames)
    labels, codes = moved_codes(model, images, start=start, values=values, kl=kl)
    d = model.latents.gaussian
    pictures = np.stack([model.decode(row).mean().numpy() for row in codes[:d]])  # [d, frames, H, W, C]
    columns = min(d, 5)
    rows = -(-d // columns)
    with fonts():
        figure = new_figure(rows * (WIDTH / columns + 0.18) + 0.16)
        figure.set_dpi(150)  # of a screen
        shown = []
        for k, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
            axes.set_axis_off()
            if k < d:
                axes.set_title(labels[k], pad=2)
                shown.append(axes.imshow(pixels(pictures[k, 0]), cmap="gray", vmin=0, vmax=1, interpolation="nearest"))
        told = figure.supxlabel("")
        writer = PillowWriter(fps=fps)
        with writer.saving(figure, str(file), dpi=150):
            for frame in range(frames):
                for artist, picture in zip(shown, pictures, strict=True):
                    artist.set_data(pixels(picture[frame]))
                told.set_text(f"value of $z_k$: {values[frame]:+.1f}".replace("-", "\N{MINUS SIGN}"))
                writer.grab_frame()
    return figure


def pixels(image: np.ndarray) -> np.ndarray:
    """[H, W, C] as imshow takes it: the channels that a picture can show, grey without its channel, in [0, 1]."""
    image = displayable(image).clip(0, 1)
    return image[..., 0] if image.shape[-1] == 1 else image
