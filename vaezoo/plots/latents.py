"""Each latent at a glance: its KL, and where its information comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaezoo.plots.style import COLOURS, MAP, fonts, new_figure, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def kl_bars(kl: Sequence[float], mi: Sequence[float] | None = None, mi_se: Sequence[float] | None = None) -> Figure:
    """The KL of every latent from the prior, in nats, by falling KL; beside it I(x; z_k) where it is given.

    kl, mi, mi_se: [d] nats, as `vaezoo.metrics.per_latent` gives them. An error bar spans two standard errors `mi_se`
    on each side, as the legend says: I(x; z_k) <= KL, but its estimate comes from fewer samples.
    """
    kl = np.asarray(kl)
    order = np.argsort(-kl, kind="stable")
    series = {"KL": (kl, None)} | ({} if mi is None else {"$I(x; z_k)$": (np.asarray(mi), mi_se)})
    told = "\N{PLUS-MINUS SIGN} 2 standard errors"
    with fonts():
        figure = new_figure(1.6)
        axes = figure.add_subplot()
        width = 0.8 / len(series)
        for i, (label, (values, errors)) in enumerate(series.items()):
            places = np.arange(len(kl)) + (i - (len(series) - 1) / 2) * width
            axes.bar(places, values[order], width, color=COLOURS[i], label=label)
            if errors is not None:
                style = {"fmt": "none", "ecolor": "k", "elinewidth": 0.8}
                axes.errorbar(places, values[order], 2 * np.asarray(errors)[order], label=told, **style)
        axes.set_xticks(range(len(kl)), [f"$z_{{{k}}}$" for k in order])
        axes.set_ylabel("nats")
        open_axes(axes)
        axes.grid(axis="x", visible=False)
        if len(series) > 1:
            axes.legend(frameon=False)
    return figure


def variance_information(var_mean: Sequence[float], mean_var: Sequence[float], mi: Sequence[float]) -> Figure:
    """Var[mu_k] against E[sigma_k^2] of every latent, coloured by I(x; z_k) (IMAE, Figure 1 a, on Proposition 1).

    Latents whose aggregate posterior has the prior's variance lie on the dashed line, where the two add up to 1;
    the informative ones towards its left end.

    var_mean, mean_var: [d]; mi: [d] nats; as `vaezoo.metrics.per_latent` gives them.
    """
    var_mean, mean_var, mi = map(np.asarray, (var_mean, mean_var, mi))
    mean_var = np.maximum(mean_var, np.finfo(np.float32).tiny)  # which the logarithmic axis can show
    with fonts():
        figure = new_figure(2.45)
        axes = figure.add_subplot()
        ends = min(0.5, 0.5 * mean_var.min()), max(1.0, 1.6 * mean_var.max())
        total = r"$\mathrm{Var}[\mu_k] + E[\sigma_k^2] = 1$, as of the prior"
        variance = np.geomspace(ends[0], 1, 200)
        axes.plot(variance, 1 - variance, color="0.6", linestyle="--", linewidth=0.8, zorder=1, label=total)
        points = axes.scatter(
            mean_var, var_mean, c=mi, cmap=MAP, vmin=0, s=22, linewidths=0.5, edgecolors="k", zorder=3
        )
        top = 1.12 * max(1.0, var_mean.max())
        x, y = np.log(mean_var) / np.log(ends[1] / ends[0]), var_mean / top
        for group in groups(x, y):
            crowded = (x > x[group].max()) & (x < x[group].max() + 0.3) & (abs(y - y[group].max()) < 0.1)
            side = {"xytext": (-5, 0), "ha": "right"} if crowded.any() else {"xytext": (5, 0)}
            place = {**side, "va": "center"} if len(group) == 1 else {"xytext": (0, 5), "ha": "center"}
            if mean_var[group].max() > 0.5 * ends[1] and len(group) > 3:  # too wide to stand in the middle
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
        open_axes(axes)
        figure.colorbar(points, ax=axes, label="$I(x; z_k)$ (nats)", pad=0.02).outline.set_linewidth(0.4)
        figure.legend(loc="outside upper center", frameon=False)
    return figure


def groups(x: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Points, in shares of the axes, whose labels would overlap: each group gets one label between them."""
    found: list[list[int]] = []
    for k in range(len(x)):
        near = (group for group in found if abs(x[group] - x[k]).min() < 0.09 and abs(y[group] - y[k]).min() < 0.05)
        group = next(near, None)
        found.append([k]) if group is None else group.append(k)
    return found
