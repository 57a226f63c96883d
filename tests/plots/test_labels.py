"""Labels of axes, legends, and the order of the latents."""

import numpy as np
import pytest
from small import small_model

from vaezoo import plots
from vaezoo.data import FactorGrid
from vaezoo.encoding import EncodedDataset
from vaezoo.plots.labels import axis_label, legend_label, without_markup

SIZES = (2, 3, 4, 3, 3)
NAMES = ("kind", "scale", "orientation", "x", "y")
VALUES = ([10, 20], [0.5, 0.75, 1.0], [0, 30, 60, 90], [-1, 0, 1], [2, 3, 4])


def legend_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.fixture(scope="module")
def encoded():
    """z_0 is ten times z_1, and both follow x."""
    factors = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    mean = np.stack([10 * factors[:, 3], factors[:, 3]], axis=1).astype(np.float32)
    return EncodedDataset(
        mean, np.full_like(mean, -3), factors=factors, factor_names=NAMES, factor_sizes=SIZES, dataset_size=len(factors)
    )


def test_mean_activations_show_the_values_of_factors(encoded):
    grid = FactorGrid(NAMES, SIZES, VALUES)
    figure = plots.mean_activations(encoded, lines="kind", grid=grid)
    scale, orientation = (axes for axes in figure.axes if axes.lines and axes.get_xlabel())
    np.testing.assert_allclose(scale.lines[0].get_xdata(), VALUES[1])
    np.testing.assert_allclose(orientation.lines[0].get_xdata(), VALUES[2])
    assert legend_of(figure) == ["kind 10", "kind 20"]
    last = [axes for axes in figure.axes if axes.images][-1]
    assert [tick.get_text() for tick in last.get_xticklabels()] == ["-1", "1"]
    assert [tick.get_text() for tick in last.get_yticklabels()] == ["2", "4"]
    assert (last.get_xlabel(), last.get_ylabel()) == ("x", "y")
    numbers = plots.mean_activations(encoded, lines="kind")
    np.testing.assert_allclose(next(axes for axes in numbers.axes if axes.lines).lines[0].get_xdata(), [0, 1, 2])


def test_mean_activations_have_one_range_of_colours_and_say_what_they_show(encoded):
    figure = plots.mean_activations(encoded, lines="kind")
    assert {axes.images[0].get_clim() for axes in figure.axes if axes.images} == {(0, 20)}  # of z_1 alone: 0 to 2
    assert len({axes.get_ylim() for axes in figure.axes if axes.lines}) == 1
    assert [axes.get_ylabel() for axes in figure.axes if axes.lines][::2] == ["mean of $z_{0}$", "mean of $z_{1}$"]
    bars = [axes for axes in figure.axes if axes.get_xlabel() == "mean of $z_k$"]
    assert len(bars) == 1


def test_traversals_take_their_order_and_kl_from_the_whole_set(images, tmp_path):
    model = small_model("vae", latents={"gaussian": 3, "categorical": (4,)})
    kl = [0.5, 0.25, 2.0, 1.125]
    axes = plots.traversals(model, images, kl=kl).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["$z_{2}$  2.00", "$z_{0}$  0.50", "$z_{1}$  0.25", "$y$  1.12"]
    assert axes.get_xlabel() == "value of $z_k$;  $y$: class 0 to 3"
    with pytest.raises(ValueError, match="`kl` must have a number for each latent .* Received: 3"):
        plots.traversals(model, images, kl=kl[:3])
    moving = plots.animated_traversals(model, images, tmp_path / "moving.gif", kl=kl, frames=4)
    assert [axes.get_title() for axes in moving.axes] == labels[:3]
    assert moving.get_supxlabel() == "value of $z_k$: +0.0"  # the last of four frames, on the way back
    one = plots.class_traversals(model, images, 1).axes[0]
    assert one.get_xlabel() == "value of $z_{1}$" and one.get_yticklabels()[0].get_text() == "$y$ = 0"


def test_error_bars_and_dashed_lines_are_told(images):
    bars = plots.kl_bars([0.5, 2.0], [0.4, 1.9], [0.01, 0.02]).axes[0].get_legend()
    assert [text.get_text() for text in bars.get_texts()] == [
        "KL",
        "$I(x; z_k)$",
        "\N{PLUS-MINUS SIGN} 2 standard errors",
    ]
    dashed = plots.variance_information([0.9, 0.1], [0.1, 0.9], [1.0, 0.1])
    assert legend_of(dashed) == [r"$\mathrm{Var}[\mu_k] + E[\sigma_k^2] = 1$, as of the prior"]


def runs(*points):
    return [{"beta": beta, "mi_y": mi} for beta, mi in points]


@pytest.mark.parametrize(
    "sweeps, told",
    [
        ({"imae": runs((1, 0), (1, 1), (2, 3))}, ["IMAE", "90 % interval of the mean"]),
        ({"imae": runs((1, 0), (1, 1))}, ["IMAE", "90 % interval of the mean"]),  # an error bar
        ({"imae": runs((1, 0), (2, 1))}, []),  # single seeds have no interval
        ({"imae": runs((1, 0)), "beta_vae": runs((1, 1))}, ["IMAE", r"$\beta$-VAE"]),
    ],
)
def test_trade_offs_tell_their_intervals(sweeps, told):
    assert legend_of(plots.trade_offs(sweeps, ["mi_y"], confidence=0.9)) == told


def test_trade_offs_have_readable_names():
    axes = plots.trade_offs({"imae": runs((1, 0))}, ["mi_y"]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$\beta$", "$I(x; y)$ (nats)")
    assert axis_label("mi_y_1") == "$I(x; y_{1})$ (nats)"
    assert axis_label("dci_forest_informativeness_train") == "DCI (forest) informativeness (train)"
    assert axis_label("dci_disentanglement") == "DCI disentanglement"
    assert axis_label("beta, lambda_, beta_y") == r"$\beta$, $\lambda$, $\beta_y$"
    assert axis_label("modularity") == "modularity" and axis_label("learning_rate") == "learning rate"
    assert legend_label("imae, vat_weight=0") == "IMAE, VAT weight = 0" and legend_label("ours") == "ours"
    assert without_markup(r"$\mathrm{KL}_z$ (nats)") == "KLz (nats)" and len(without_markup(r"$\beta_y$")) == 2


def test_score_matrix_has_factors_down_and_latents_across():
    values = np.array([[0.2, 0.999, 0.1], [0.4, -0.05, 0.0]])  # [D, F]
    figure = plots.score_matrix(values, ["a", "b", "c"], label="importance", latents=["$z_{4}$", "$y$"])
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), values.T)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["$z_{4}$", "$y$"]
    assert {text.get_text() for text in axes.texts} == {".20", ".40", "1.0", ".10"}
    assert figure.axes[1].get_ylabel() == "importance"
