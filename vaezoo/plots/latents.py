"""KL, mutual information and variances of each latent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.plots.style import COLORMAP, COLOURS, despine, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def kl_bars(kl: Sequence[float], mi: Sequence[float] | None = None, mi_se: Sequence[float] | None = None) -> Figure:
    """Plots the KL of every latent from the prior, in descending order, and I(x; z_k) next to it if given.

    I(x; z_k) <= KL holds for the exact values; the estimate, from fewer samples, may exceed it.

    Args:
        kl: [d] nats, as `vaezoo.metrics.per_latent` returns it.
        mi: I(x; z_k), [d] nats.
        mi_se: standard errors of `mi`, [d] nats. Error bars span two standard errors on each side.

    Returns:
        The figure.
    """
    kl = np.asarray(kl)
    order = np.argsort(-kl, kind="stable")
    series = {"KL": (kl, None)} | ({} if mi is None else {"$I(x; z_k)$": (np.asarray(mi), mi_se)})
    error_label = "\N{PLUS-MINUS SIGN} 2 standard errors"
    with paper_style():
        figure = new_figure(1.6)
        axes = figure.add_subplot()
        width = 0.8 / len(series)
        for i, (label, (values, errors)) in enumerate(series.items()):
            places = np.arange(len(kl)) + (i - (len(series) - 1) / 2) * width
            axes.bar(places, values[order], width, color=COLOURS[i], label=label)
            if errors is not None:
                style = {"fmt": "none", "ecolor": "k", "elinewidth": 0.8}
                axes.errorbar(places, values[order], 2 * np.asarray(errors)[order], label=error_label, **style)
        axes.set_xticks(range(len(kl)), [f"$z_{{{k}}}$" for k in order])
        axes.set_ylabel("nats")
        despine(axes)
        axes.grid(axis="x", visible=False)
        if len(series) > 1:
            axes.legend(frameon=False)
    return figure


def variance_information(var_mean: Sequence[float], mean_var: Sequence[float], mi: Sequence[float]) -> Figure:
    """Plots Var[mu_k] against E[sigma_k^2] of every latent, coloured by I(x; z_k).

    Latents whose aggregate posterior has the variance of the prior lie on the dashed line, where the two add up to 1.
    Informative latents lie near its left end.

    Args:
        var_mean: Var[mu_k(x)], [d], as `vaezoo.metrics.per_latent` returns it.
        mean_var: E[sigma_k^2(x)], [d].
        mi: I(x; z_k), [d] nats.

    Returns:
        The figure.

    References:
        IMAE, Figure 1 a, for Proposition 1.
    """
    var_mean, mean_var, mi = map(np.asarray, (var_mean, mean_var, mi))
    mean_var = np.maximum(mean_var, np.finfo(np.float32).tiny)  # a logarithmic axis cannot show 0
    with paper_style():
        figure = new_figure(2.45)
        axes = figure.add_subplot()
        ends = min(0.5, 0.5 * mean_var.min()), max(1.0, 1.6 * mean_var.max())
        total = r"$\mathrm{Var}[\mu_k] + E[\sigma_k^2] = 1$, as of the prior"
        variance = np.geomspace(ends[0], 1, 200)
        axes.plot(variance, 1 - variance, color="0.6", linestyle="--", linewidth=0.8, zorder=1, label=total)
        points = axes.scatter(
            mean_var, var_mean, c=mi, cmap=COLORMAP, vmin=0, s=22, linewidths=0.5, edgecolors="k", zorder=3
        )
        top = 1.12 * max(1.0, var_mean.max())
        x, y = np.log(mean_var) / np.log(ends[1] / ends[0]), var_mean / top
        for group in group_nearby(x, y):
            crowded = (x > x[group].max()) & (x < x[group].max() + 0.3) & (abs(y - y[group].max()) < 0.1)
            side = {"xytext": (-5, 0), "ha": "right"} if crowded.any() else {"xytext": (5, 0)}
            place = {**side, "va": "center"} if len(group) == 1 else {"xytext": (0, 5), "ha": "center"}
            if mean_var[group].max() > 0.5 * ends[1] and len(group) > 3:  # too wide to be centred
                place = {"xytext": (-2, 5), "ha": "right"}
            axes.annotate(
                f"$z_{{{','.join(map(str, group))}}}$",
                (mean_var[group].max(), var_mean[group].max()),
                textcoords="offset points",
                **place,
            )
        axes.set_xscale("log")
        axes.set_xlim(*ends)
        axes.set_ylim(min(-0.05, 1.1 * var_mean.min()), top)
        axes.set_xlabel(r"mean variance $E[\sigma_k^2(x)]$")
        axes.set_ylabel(r"variance of the mean $\mathrm{Var}[\mu_k(x)]$")
        despine(axes)
        figure.colorbar(points, ax=axes, label="$I(x; z_k)$ (nats)", pad=0.02).outline.set_linewidth(0.4)
        figure.legend(loc="outside upper center", frameon=False)
    return figure


def group_nearby(x: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Groups points whose labels would overlap, so that each group gets one label.

    Args:
        x: abscissas [n], as fractions of the width of the axes.
        y: ordinates [n], as fractions of the height of the axes.

    Returns:
        The indices of the points of each group.
    """
    found: list[list[int]] = []
    for k in range(len(x)):
        near = (group for group in found if abs(x[group] - x[k]).min() < 0.09 and abs(y[group] - y[k]).min() < 0.05)
        group = next(near, None)
        found.append([k]) if group is None else group.append(k)
    return found
