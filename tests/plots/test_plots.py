"""The content of figures, read from their Matplotlib objects."""

import numpy as np
import pytest
from small import small_model

from vaezoo import plots
from vaezoo.plots.images import image_grid
from vaezoo.terms import gaussian_kl


def canvas(figure):
    return figure.axes[0].images[0].get_array()


def test_reconstructions_are_below_their_images(images):
    model = small_model("vae")
    figure = plots.reconstructions(model, images[:3])
    pixels = canvas(figure)
    assert pixels.shape == (2 * 8 + 1, 3 * 8 + 2)
    np.testing.assert_allclose(pixels[:8, 9:17], images[1, ..., 0])
    np.testing.assert_allclose(pixels[9:, 9:17], model.reconstruct(images[:3])[1, ..., 0], rtol=1e-5)


@pytest.mark.parametrize("latents", [{"gaussian": 3}, {"gaussian": 3, "categorical": (4,)}])
def test_traversals_are_sorted_by_kl_and_move_one_latent(latents, images):
    model = small_model("vae", latents=latents)
    model.fit(images, epochs=3, verbose=0)
    figure = plots.traversals(model, images, start=2, columns=5)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    q = model.encode(images)
    kl = np.mean(gaussian_kl(q.mu, q.log_var), 0)
    order = np.argsort(-kl)
    assert len(labels) == 3 + len(latents.get("categorical", ()))
    for label, k in zip(labels, order, strict=False):
        assert label.startswith(f"$z_{{{k}}}$") and label.endswith(f"{kl[k]:.2f}")
    code = q.mode()[2:3].numpy()
    code[0, order[0]] = -3
    np.testing.assert_allclose(canvas(figure)[:8, :8], model.decode(code).mean()[0, ..., 0], atol=1e-5)
    if q.logits:
        code = q.mode()[2:3].numpy()
        code[0, 3:] = [0, 0, 1, 0]
        last = canvas(figure)[3 * 9 :, 2 * 9 : 2 * 9 + 8]
        np.testing.assert_allclose(last, model.decode(code).mean()[0, ..., 0], atol=1e-5)


def test_curves_show_every_term_once_and_weighted():
    rows = [{"step": 1, "loss": 3.0, "synergy": 2.0}, {"step": 2, "loss": 2.0, "synergy": 1.0}]
    figure = plots.training_curves({"nonsyn": rows}, weights={"synergy": 5.0})
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["loss (nats)", "5 x synergy (nats)"]
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), [10, 5])


@pytest.mark.parametrize("channels, shown", [(1, ()), (2, ()), (3, (3,)), (4, (4,)), (16, (3,))])
def test_images_of_any_number_of_channels_are_drawn(channels, shown):
    rows = np.random.default_rng(0).random((2, 3, 8, 8, channels))
    pixels = canvas(image_grid(rows, ["a", "b"]))
    assert pixels.shape == (17, 26, *shown)
    np.testing.assert_allclose(pixels[:8, :8].reshape(8, 8, -1), rows[0, 0, ..., : shown[0] if shown else 1])
