"""The smoothness of q(y | x) inside models."""

import numpy as np
import pytest
from compare import HYBRID, KEY, TAKE_HYBRID
from small import small_model

from vaezoo.latents.noise import fold
from vaezoo.terms import smoothness


@pytest.mark.parametrize("name", TAKE_HYBRID)
def test_its_weight_is_in_the_loss(name, images):
    """loss(w) - loss(0) = w S; IMAE's L(y) has beta before it."""
    with_vat, without = (small_model(name, latents=HYBRID, vat_weight=weight) for weight in (3.0, 0.0))
    terms = [model.objective(images, KEY, training=False) for model in (with_vat, without)]
    q = with_vat.encode(images)
    S = smoothness(lambda x: with_vat.posterior(x).logits, images, q.logits, fold(KEY, -2))
    np.testing.assert_allclose(terms[0]["smoothness"], S, rtol=1e-4)
    factor = 3 * (with_vat.beta if name == "imae" else 1)
    np.testing.assert_allclose(terms[0]["loss"] - terms[1]["loss"], factor * S, rtol=1e-3, atol=1e-2)


def test_the_radius_may_follow_each_images_neighbour(images):
    model = small_model("vae", latents=HYBRID, vat_weight=1.0, vat_radius="neighbour")
    q = model.encode(images)
    flat = images.reshape(48, -1)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + 1e9 * np.eye(48)
    S = smoothness(
        lambda x: model.posterior(x).logits,
        images,
        q.logits,
        fold(KEY, -2),
        epsilon=0.25 * distances.min(1).astype("f4"),
    )
    np.testing.assert_allclose(model.vat(images, q, KEY, False), S, rtol=1e-3, atol=1e-4)


def test_nothing_to_smooth_without_categorical_latents(images):
    terms = small_model("vae", vat_weight=5.0).objective(images, KEY, training=True)
    assert "smoothness" not in terms


@pytest.mark.parametrize(
    "option, value",
    [("vat_radius", 0.0), ("vat_radius", -1.0), ("vat_radius", "far"), ("vat_weight", -1.0), ("vat_weight", np.nan)],
)
def test_impossible_values(option, value):
    vae = small_model("vae", latents=HYBRID)
    with pytest.raises(ValueError, match=f"`{option}` must.*Received: {value!r}"):
        type(vae)(vae.encoder, vae.decoder, latents=vae.latents, **{option: value})
