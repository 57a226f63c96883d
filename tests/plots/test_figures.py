"""Figures of latents, factors and sweeps: their content, and their legibility in a column of a paper."""

import matplotlib.text
import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from PIL import Image
from scipy import stats
from small import small_model

from vaezoo import plots
from vaezoo.encoding import EncodedDataset
from vaezoo.plots.images import image_grid
from vaezoo.plots.style import COLORMAP, COLOURS, LINE_STYLES, MARKERS

SIZES = (3, 6, 8, 4, 5)
NAMES = ("shape", "scale", "orientation", "x", "y")
RUNS = [{"beta": b, "mig": b + s, "rec": 10 * b - s} for b in (2, 1, 4) for s in (-1, 0, 4)]


@pytest.fixture(scope="module")
def encoded():
    """z_0 is 3 x + y, z_1 is scale with a sign by shape, z_2 is idle."""
    factors = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    shape, scale, _, x, y = factors.T
    mean = np.stack([3 * x + y, scale * (shape - 1), 0 * x], axis=1).astype(np.float32)
    log_var = np.tile(np.float32([-2, -2, 0]), (len(mean), 1))
    return EncodedDataset(mean, log_var, factors=factors, factor_names=NAMES, factor_sizes=SIZES)


@pytest.fixture(scope="module")
def hybrid(images):
    model = small_model("vae", latents={"gaussian": 3, "categorical": (4,)})
    model.fit(images, epochs=3, verbose=0)
    return model


def figures(encoded, hybrid, images, tmp_path):
    values = [0.1, 2.0, 0.5]
    return [
        plots.mean_activations(encoded),
        plots.kl_bars(values, values, values),
        plots.variance_information(values, [0.9, 0.01, 0.4], values),
        plots.factor_matrix(np.eye(5), NAMES),
        plots.score_matrix(np.eye(10)[:, :5], NAMES, label="importance (gradient boosting)"),
        plots.class_matrix(np.arange(10), np.arange(10)),
        plots.trade_offs({"imae": RUNS, "beta_vae": RUNS}, ["mig", "rec"]),
        plots.trade_offs({"imae": RUNS}, ["mig", "rec"], confidence=0.95),
        plots.training_curves({"a": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}]}),
        plots.traversals(hybrid, images),
        plots.reconstructions(hybrid, images[:10]),
        plots.class_traversals(hybrid, images, 0),
        plots.animated_traversals(hybrid, images, tmp_path / "moving.gif", frames=4),
    ]


def test_every_figure_fits_a_column_with_letters_of_seven_points(encoded, hybrid, images, tmp_path):
    for figure in figures(encoded, hybrid, images, tmp_path):
        assert figure.get_figwidth() == pytest.approx(3.3)
        written = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
        assert written and min(text.get_fontsize() for text in written) >= 7
        figure.draw_without_rendering()
        for axes in figure.axes:
            box = axes.get_tightbbox()
            assert box.x0 > -2 and box.x1 < figure.bbox.x1 + 2 and box.y0 > -2 and box.y1 < figure.bbox.y1 + 2


def test_mean_activations_are_means_over_all_else(encoded):
    figure = plots.mean_activations(encoded)
    maps = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in maps] == ["$z_{0}$", "$z_{1}$"]  # by KL; the idle one is left out
    x, y = np.arange(4), np.arange(5)
    np.testing.assert_allclose(maps[0].images[0].get_array(), 3 * x[None] + y[:, None])  # x to the right, y down
    np.testing.assert_allclose(maps[1].images[0].get_array(), 0, atol=1e-6)
    against = [axes for axes in figure.axes if axes.lines]
    scale_of_z_1 = against[2]
    for shape, line in enumerate(scale_of_z_1.lines):
        np.testing.assert_allclose(line.get_ydata(), np.arange(6) * (shape - 1), atol=1e-6)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["square", "ellipse", "heart"]
    assert len({line.get_color() for line in scale_of_z_1.lines}) == 3
    assert [len(axes.lines[0].get_xdata()) for axes in against] == [6, 8, 6, 8]


def test_mean_activations_need_their_factors(encoded):
    with pytest.raises(ValueError, match="needs the factors"):
        plots.mean_activations(EncodedDataset(encoded.mean, encoded.log_var))
    idle = EncodedDataset(encoded.mean * 0, encoded.log_var * 0, factors=encoded.factors,
                          factor_names=NAMES, factor_sizes=SIZES)  # fmt: skip
    with pytest.raises(ValueError, match="KL above"):
        plots.mean_activations(idle)


def test_kl_bars_fall():
    figure = plots.kl_bars([0.5, 2.0, 1.0], [0.4, 1.9, 0.9])
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [2.0, 1.0, 0.5, 1.9, 0.9, 0.4]
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["$z_{1}$", "$z_{2}$", "$z_{0}$"]
    (errors,) = plots.kl_bars([0.5, 2.0], [0.4, 1.9], [0.01, 0.02]).axes[0].collections
    np.testing.assert_allclose([line[:, 1] for line in errors.get_segments()], [[1.86, 1.94], [0.38, 0.42]])


def test_variance_information_puts_each_latent_at_its_variances():
    figure = plots.variance_information([0.9, 0.0, 0.01], [0.05, 1.0, 0.98], [2.0, 0.0, 0.01])
    points = figure.axes[0].collections[0]
    np.testing.assert_allclose(points.get_offsets(), [[0.05, 0.9], [1.0, 0.0], [0.98, 0.01]])
    np.testing.assert_allclose(points.get_array(), [2.0, 0.0, 0.01])
    assert {text.get_text() for text in figure.axes[0].texts} == {"$z_{0}$", "$z_{1,2}$"}  # which would overlap


def test_factor_matrix_has_factors_down_and_latents_across():
    information = np.arange(6.0).reshape(2, 3)  # [D, F]
    figure = plots.factor_matrix(information, ["a", "b", "c"], entropy=[1, 2, 5])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[0, 3], [0.5, 2], [0.4, 1]])
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_class_matrix_is_of_shares_and_ordered_by_label():
    classes, labels = np.array([2, 2, 2, 2, 0, 0, 3]), np.array([0, 0, 0, 1, 1, 1, 2])
    figure = plots.class_matrix(classes, labels, K=5)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [f"$y$ = {y}" for y in (2, 0, 3, 1, 4)]
    shown = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    np.testing.assert_allclose(shown, [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 1], [np.nan] * 3, [np.nan] * 3])


def test_trade_offs_have_students_interval_along_rising_beta():
    figure = plots.trade_offs({"imae": RUNS}, ["mig"], x="rec", confidence=0.8)
    (axes,) = figure.axes
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(x, [9, 19, 39])
    np.testing.assert_allclose(y, [2, 3, 5])
    low, high = stats.t.interval(0.8, 2, loc=2, scale=stats.sem([0, 1, 5]))
    band = axes.collections[0].get_paths()[0].vertices
    at_first = band[np.isclose(band[:, 0], 9), 1]
    assert at_first.min() == pytest.approx(low) and at_first.max() == pytest.approx(high)
    alone = plots.trade_offs({"imae": RUNS[:1]}, ["mig"]).axes[0].collections[0].get_paths()
    assert not alone or np.ptp(alone[0].vertices[:, 1]) == 0
    with pytest.raises(ValueError, match=r"Missing: \['nmi'\]"):
        plots.trade_offs({"imae": RUNS}, ["nmi"])


def test_class_traversals_start_from_images_of_the_class(hybrid, images):
    figure = plots.class_traversals(hybrid, images, 1, columns=3)
    canvas = figure.axes[0].images[0].get_array()
    q = hybrid.encode(images)
    codes, classes = q.mode().numpy(), np.argmax(q.logits[0], -1)
    for y in range(4):
        row = canvas[9 * y : 9 * y + 8, 9:17]  # the middle column, z_1 = 0
        starts = codes[classes == y]
        starts[:, 1] = 0
        if not len(starts):
            assert (row == 1).all()
            continue
        pictures = hybrid.decode(starts).mean().numpy()[..., 0]
        assert np.abs(pictures - row).max((1, 2)).min() < 1e-5
    with pytest.raises(ValueError, match="latent=3, block=0"):
        plots.class_traversals(hybrid, images, 3)


def test_the_gif_goes_there_and_back(hybrid, images, tmp_path):
    plots.animated_traversals(hybrid, images, tmp_path / "moving.gif", frames=8)
    with Image.open(tmp_path / "moving.gif") as gif:
        frames = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            frames.append(np.asarray(gif.convert("L"), float))
        assert gif.n_frames == 8 and gif.info["loop"] == 0
    difference = [np.abs(frame - frames[0]).mean() for frame in frames]
    assert difference[4] == max(difference) > 1
    back = [np.abs(frames[i] - frames[8 - i]).mean() for i in (1, 2, 3)]  # the same values of z_k, in another palette
    assert max(back) < max(difference) / 5


def test_colour_images_stay_colour():
    rows = np.random.default_rng(0).random((2, 3, 8, 8, 3))
    canvas = image_grid(rows, ["a", "b"]).axes[0].images[0].get_array()
    np.testing.assert_allclose(canvas[9:, 9:17], rows[1, 1], rtol=1e-6)


@pytest.mark.parametrize("mean_var", [[1e-9, 0.3, 1.0], [0.0, 1e-30, 0.9], [5.0, 40.0, 2.0], [0.7, 0.8, 0.9]])
def test_every_latent_lies_inside_the_axes(mean_var):
    var_mean = np.array([3.0, 0.5, 0.0])
    axes = plots.variance_information(var_mean, mean_var, [5.0, 1.0, 0.0]).axes[0]
    shown = axes.transAxes.inverted().transform(axes.transData.transform(axes.collections[0].get_offsets()))
    assert (shown > 0.005).all() and (shown < 0.995).all()


def deuteranopic(colour):
    """CIE L*a*b* of a colour as seen with deuteranopia (Machado et al. 2009, linear RGB)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]])
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ (seen @ linear).clip(0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_colours_differ_without_green_cones():
    """A distance of 2.3 is just noticeable. Lines also differ in markers and line styles."""
    seen = [deuteranopic(colour) for colour in COLOURS]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) > 15
    assert len(set(MARKERS)) == len(set(map(str, LINE_STYLES))) == len(set(COLOURS)) == 7
    lightness = [deuteranopic(colour)[0] for colour in colormaps[COLORMAP](np.linspace(0, 1, 20))]
    assert min(np.diff(lightness)) > 1  # a map rises in lightness alone
