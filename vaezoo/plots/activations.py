"""Mean activations: what each latent answers to each factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.metrics.represent import Representation
from vaezoo.metrics.unsupervised import per_dimension_kl
from vaezoo.plots.style import MAP, fonts, line, new_figure, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVE = 0.05  # nats of KL, above which a latent is shown


def mean_activations(
    representation: Representation,
    *,
    position: tuple[str, str] = ("x", "y"),
    against: Sequence[str] = ("scale", "orientation"),
    lines: str = "shape",
    latents: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
) -> Figure:
    """The mean of z_k over all images that share a factor: a row for each active latent (Non-Syn VAE, Figure 2 right).

    First as a map over `position`, averaged over all else; then against each factor in `against`, one line for each
    value of the factor `lines`. All panels of a row share one scale, that of the values of z_k.

    representation: with the factors of a grid, such as dSprites'. latents: to show, in this order; by default those
    with a mean KL above 0.05 nats, by falling KL. names: of the values of `lines`; dSprites' for its shapes.
    Raises ValueError where the representation has no such factors, or no latent is active.
    """
    missing = [factor for factor in (*position, *against, lines) if factor not in representation.factor_names]
    if missing:
        raise ValueError(
            f"`mean_activations` needs the factors {(*position, *against, lines)}. "
            f"Received a representation with {representation.factor_names}."
        )
    z, kl = representation.mean, per_dimension_kl(representation.mean, representation.log_var)
    if latents is None:
        latents = [k for k in np.argsort(-kl, kind="stable") if kl[k] > ACTIVE]
    if not len(latents):
        raise ValueError(f"`mean_activations` shows latents with a KL above {ACTIVE} nats. Received none.")
    values = representation.factor_sizes[representation.factor_names.index(lines)]
    if names is None:
        names = (
            ("square", "ellipse", "heart")
            if (lines, values) == ("shape", 3)
            else [f"{lines} {v}" for v in range(values)]
        )

    with fonts():
        figure = new_figure(0.82 * len(latents) + 0.55)
        grid = figure.subplots(len(latents), 1 + len(against), squeeze=False, sharex="col")
        for row, k in zip(grid, latents, strict=True):
            area = means(representation, z[:, k], position)
            curves = [means(representation, z[:, k], (lines, factor)) for factor in against]
            low, high = (f([f(part) for part in (area, *curves)]) for f in (np.nanmin, np.nanmax))
            pad = 0.05 * (high - low) + 1e-9
            image = row[0].imshow(area.T, cmap=MAP, vmin=low, vmax=high, origin="upper", interpolation="nearest")
            figure.colorbar(image, ax=row[0], fraction=0.046, pad=0.03).outline.set_linewidth(0.4)
            row[0].set_xticks([])
            row[0].set_yticks([])
            row[0].set_ylabel(f"$z_{{{k}}}$", rotation=0, ha="right", va="center")
            for axes, curve in zip(row[1:], curves, strict=True):
                for i, of_value in enumerate(curve):
                    x = np.arange(len(of_value))
                    style = line(i) | ({"marker": ""} if len(x) > 12 else {})
                    axes.plot(x, of_value, label=names[i], **style)
                axes.set_ylim(low - pad, high + pad)
                open_axes(axes)
            for axes in row[2:]:
                axes.tick_params(labelleft=False)
        for axes, title in zip(grid[-1], ("position", *against), strict=True):
            axes.set_xlabel(title)
        figure.legend(*grid[0, 1].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
    return figure


def means(representation: Representation, z: np.ndarray, factors: Sequence[str]) -> np.ndarray:
    """The mean of z [N] at every combination of two factors, [V_0, V_1] in float64; NaN where there is no image."""
    columns = [representation.factor_names.index(factor) for factor in factors]
    sizes = [representation.factor_sizes[column] for column in columns]
    cells = np.ravel_multi_index(tuple(representation.factors[:, columns].T), sizes)
    total = np.bincount(cells, weights=z, minlength=np.prod(sizes))
    count = np.bincount(cells, minlength=np.prod(sizes))
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0).reshape(sizes)
