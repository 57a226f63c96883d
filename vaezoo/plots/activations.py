"""Mean activations: the mean of each latent as a function of the ground-truth factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.data import FactorGrid
from vaezoo.encoding import EncodedDataset
from vaezoo.extras import extra
from vaezoo.metrics.unsupervised import per_dimension_kl
from vaezoo.plots.style import COLORMAP, despine, line_style, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

ACTIVE = 0.05  # nats of KL, above which a latent is active


def mean_activations(
    encoded: EncodedDataset,
    *,
    position: tuple[str, str] = ("x", "y"),
    against: Sequence[str] = ("scale", "orientation"),
    lines: str = "shape",
    latents: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    grid: FactorGrid | None = None,
) -> Figure:
    """Plots the mean of z_k over all images that share the values of two factors, in one row for each active latent.

    The first column is a map over the factors `position`, averaged over all others. The other columns show the mean
    against each factor in `against`, with one line for each value of the factor `lines`. All maps share one range of
    colours, all curves one range of values.

    Args:
        encoded: codes [N, d] and ground-truth factors [N, F] of a data set.
        position: names of the two factors of the map, horizontal and vertical.
        against: names of the factors on the abscissas of the curves.
        lines: name of the factor whose values have one line each.
        latents: indices of the latents to show, in this order; by default those with a mean KL above 0.05 nats, in
            descending order of KL.
        names: names of the values of `lines`; by default those of the shapes of dSprites, or the values.
        grid: grid of the factors, whose values the axes show; by default they show indices of values.

    Returns:
        The figure.

    Raises:
        ValueError: if the encoded lacks one of the factors, or no latent is active.

    References:
        Non-Syn VAE, Figure 2, right.
    """
    with extra("plots"):
        from matplotlib.ticker import MaxNLocator

    missing = [factor for factor in (*position, *against, lines) if factor not in encoded.factor_names]
    if missing:
        raise ValueError(
            f"`mean_activations` needs the factors {(*position, *against, lines)}. "
            f"Received a data set with {encoded.factor_names}."
        )
    z, kl = encoded.mean, per_dimension_kl(encoded.mean, encoded.log_var)
    if latents is None:
        latents = [k for k in np.argsort(-kl, kind="stable") if kl[k] > ACTIVE]
    if not len(latents):
        raise ValueError(f"`mean_activations` shows latents with a KL above {ACTIVE} nats. Received none.")
    values = factor_values(encoded, grid)
    if names is None and (lines, len(values[lines])) == ("shape", 3):
        names = ("square", "ellipse", "heart")
    elif names is None:
        names = [f"{lines} {value:g}" for value in values[lines]]

    areas = [conditional_means(encoded, z[:, k], position) for k in latents]
    curves = [[conditional_means(encoded, z[:, k], (lines, factor)) for factor in against] for k in latents]
    colours, (low, high) = value_range(areas), value_range([curve for of_latent in curves for curve in of_latent])
    pad = 0.05 * (high - low) + 1e-9

    with paper_style():
        figure = new_figure(0.82 * len(latents) + 0.85)
        panels = figure.subplots(len(latents), 1 + len(against), squeeze=False, sharex="col")
        for row, k, area, of_latent in zip(panels, latents, areas, curves, strict=True):
            image = position_map(row[0], area, [values[factor] for factor in position], colours)
            row[0].set_title(f"$z_{{{k}}}$", pad=2)
            row[0].set_ylabel(position[1], rotation=0, va="center", labelpad=0)
            for axes, factor, curve in zip(row[1:], against, of_latent, strict=True):
                for i, of_value in enumerate(curve):
                    style = line_style(i) | ({"marker": ""} if len(of_value) > 12 else {})
                    axes.plot(values[factor], of_value, label=names[i], **style)
                axes.set_ylim(low - pad, high + pad)
                axes.locator_params(nbins=4)
                despine(axes)
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


def value_range(arrays: Sequence[np.ndarray]) -> tuple[float, float]:
    """Returns the minimum and the maximum of several arrays, ignoring NaN."""
    return min(np.nanmin(array) for array in arrays), max(np.nanmax(array) for array in arrays)


def factor_values(encoded: EncodedDataset, grid: FactorGrid | None) -> dict[str, np.ndarray]:
    """Returns the values of each factor by its name: those of a grid, or the indices 0, 1, ... without one."""
    indices = {name: np.arange(size) for name, size in zip(encoded.factor_names, encoded.factor_sizes, strict=True)}
    return indices if grid is None else indices | dict(zip(grid.names, grid.values, strict=True))


def position_map(axes: Axes, area: np.ndarray, values: Sequence[np.ndarray], limits: tuple[float, float]) -> AxesImage:
    """Draws means [X, Y] as a map with x to the right and y downwards.

    Args:
        axes: axes to draw on.
        area: means [X, Y].
        values: values of x [X] and y [Y]; the first and the last are tick labels.
        limits: values of the first and the last colour.

    Returns:
        The image, for a colour bar.
    """
    image = axes.imshow(area.T, cmap=COLORMAP, vmin=limits[0], vmax=limits[1], origin="upper", interpolation="nearest")
    for set_ticks, of_axis in zip((axes.set_xticks, axes.set_yticks), values, strict=True):
        set_ticks([0, len(of_axis) - 1], [f"{of_axis[0]:.3g}", f"{of_axis[-1]:.3g}"])
    axes.tick_params(length=0, pad=2)
    return image


def conditional_means(encoded: EncodedDataset, z: np.ndarray, factors: Sequence[str]) -> np.ndarray:
    """Computes the mean of a latent at every combination of the values of two factors.

    Args:
        encoded: ground-truth factors of N images.
        z: codes [N] of one latent.
        factors: names of the two factors.

    Returns:
        float64 [V_0, V_1]; NaN for combinations without an image.
    """
    columns = [encoded.factor_names.index(factor) for factor in factors]
    sizes = [encoded.factor_sizes[column] for column in columns]
    cells = np.ravel_multi_index(tuple(encoded.factors[:, columns].T), sizes)
    total = np.bincount(cells, weights=z, minlength=np.prod(sizes))
    count = np.bincount(cells, minlength=np.prod(sizes))
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0).reshape(sizes)
