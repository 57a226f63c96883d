"""Mean activations: what each latent answers to each factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.data import FactorGrid
from vaezoo.extras import extra
from vaezoo.metrics.represent import Representation
from vaezoo.metrics.unsupervised import per_dimension_kl
from vaezoo.plots.style import MAP, fonts, line, new_figure, open_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

ACTIVE = 0.05  # nats of KL, above which a latent is shown


def mean_activations(
    representation: Representation,
    *,
    position: tuple[str, str] = ("x", "y"),
    against: Sequence[str] = ("scale", "orientation"),
    lines: str = "shape",
    latents: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    grid: FactorGrid | None = None,
) -> Figure:
    """The mean of z_k over all images that share a factor: a row for each active latent (Non-Syn VAE, Figure 2 right).

    First as a map over `position`, averaged over all else; then against each factor in `against`, one line for each
    value of the factor `lines`. All maps share one range of colours, all curves one range of values.

    representation: with the factors of a grid, such as dSprites'. latents: to show, in this order; by default those
    with a mean KL above 0.05 nats, by falling KL. names: of the values of `lines`; dSprites' for its shapes.
    grid: the data set's `factors`, whose real values the axes then show; by default they show the classes' numbers.
    Raises ValueError where the representation has no such factors, or no latent is active.
    """
    with extra("plots"):
        from matplotlib.ticker import MaxNLocator

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
    values = values_of(representation, grid)
    if names is None and (lines, len(values[lines])) == ("shape", 3):
        names = ("square", "ellipse", "heart")
    elif names is None:
        names = [f"{lines} {value:g}" for value in values[lines]]

    areas = [means(representation, z[:, k], position) for k in latents]
    curves = [[means(representation, z[:, k], (lines, factor)) for factor in against] for k in latents]
    colours, (low, high) = extent(areas), extent([curve for of_latent in curves for curve in of_latent])
    pad = 0.05 * (high - low) + 1e-9

    with fonts():
        figure = new_figure(0.82 * len(latents) + 0.85)
        panels = figure.subplots(len(latents), 1 + len(against), squeeze=False, sharex="col")
        for row, k, area, of_latent in zip(panels, latents, areas, curves, strict=True):
            image = position_map(row[0], area, [values[factor] for factor in position], colours)
            row[0].set_title(f"$z_{{{k}}}$", pad=2)
            row[0].set_ylabel(position[1], rotation=0, va="center", labelpad=0)
            for axes, factor, curve in zip(row[1:], against, of_latent, strict=True):
                for i, of_value in enumerate(curve):
                    style = line(i) | ({"marker": ""} if len(of_value) > 12 else {})
                    axes.plot(values[factor], of_value, label=names[i], **style)
                axes.set_ylim(low - pad, high + pad)
                axes.locator_params(nbins=4)
                open_axes(axes)
            row[1].set_ylabel(f"mean of $z_{{{k}}}$", labelpad=1)
            for axes in row[2:]:
                axes.tick_params(labelleft=False)
        for axes, factor in zip(panels[-1], (position[0], *against), strict=True):
            axes.set_xlabel(factor, labelpad=1)
        place = {"ax": panels[:, 0], "location": "top", "aspect": 12, "shrink": 0.8, "pad": 0.02}
        bar = figure.colorbar(image, label="mean of $z_k$", **place)
        bar.locator = MaxNLocator(3)
        bar.outline.set_linewidth(0.4)
        figure.legend(*panels[0, 1].get_legend_handles_labels(), loc="outside upper right", ncols=3, frameon=False)
    return figure


def extent(arrays: Sequence[np.ndarray]) -> tuple[float, float]:
    """The least and the greatest value of several arrays, without NaN."""
    return min(np.nanmin(array) for array in arrays), max(np.nanmax(array) for array in arrays)


def values_of(representation: Representation, grid: FactorGrid | None) -> dict[str, np.ndarray]:
    """What the classes of each factor stand for: the values of a grid, or the classes' own numbers."""
    numbers = {
        name: np.arange(size)
        for name, size in zip(representation.factor_names, representation.factor_sizes, strict=True)
    }
    return numbers if grid is None else numbers | dict(zip(grid.names, grid.values, strict=True))


def position_map(axes: Axes, area: np.ndarray, values: Sequence[np.ndarray], limits: tuple[float, float]) -> AxesImage:
    """Draws means [X, Y] as a map, x to the right and y down, with the first and the last value of each on its axis."""
    image = axes.imshow(area.T, cmap=MAP, vmin=limits[0], vmax=limits[1], origin="upper", interpolation="nearest")
    for set_ticks, of_axis in zip((axes.set_xticks, axes.set_yticks), values, strict=True):
        set_ticks([0, len(of_axis) - 1], [f"{of_axis[0]:.3g}", f"{of_axis[-1]:.3g}"])
    axes.tick_params(length=0, pad=2)
    return image


def means(representation: Representation, z: np.ndarray, factors: Sequence[str]) -> np.ndarray:
    """The mean of z [N] at every combination of two factors, [V_0, V_1] in float64; NaN where there is no image."""
    columns = [representation.factor_names.index(factor) for factor in factors]
    sizes = [representation.factor_sizes[column] for column in columns]
    cells = np.ravel_multi_index(tuple(representation.factors[:, columns].T), sizes)
    total = np.bincount(cells, weights=z, minlength=np.prod(sizes))
    count = np.bincount(cells, minlength=np.prod(sizes))
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0).reshape(sizes)
