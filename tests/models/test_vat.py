"""The smoothness of q(y | x) inside models."""

import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo.latents.noise import fold
from vaezoo.networks import discriminator
from vaezoo.terms import smoothness

HYBRID = {"gaussian": 2, "categorical": (4, 3)}
NORMALISED = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": True}, "decoder": {"hidden": (16,)}}
WITH_VAT = [name for name in vaezoo.MODELS if name != "nonsyn"]
KEY = tf.constant([1, 2])


def hybrid(name, **options):
    D = {"discriminator": discriminator(2, width=8, depth=2, seed=1)} if name == "factor_vae" else {}
    return small_model(name, latents=HYBRID, **D, **options)


@pytest.mark.parametrize("name", WITH_VAT)
def test_its_weight_is_in_the_loss(name, images):
    """loss(w) - loss(0) = w S; IMAE's L(y) has beta before it."""
    with_vat, without = hybrid(name, vat_weight=3.0), hybrid(name, vat_weight=0.0)
    terms = [model.objective(images, KEY, training=False) for model in (with_vat, without)]
    q = with_vat.encode(images)
    S = smoothness(lambda x: with_vat.encode(x).logits, images, q.logits, fold(KEY, -2))
    np.testing.assert_allclose(terms[0]["smoothness"], S, rtol=1e-4)
    factor = 3 * (with_vat.beta if name == "imae" else 1)
    np.testing.assert_allclose(terms[0]["loss"] - terms[1]["loss"], factor * S, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_perturbed_passes_leave_batch_norm_where_the_clean_one_put_it(jit_compile, images):
    """After one step, whose clean pass precedes the update, statistics are the same with VAT as without."""
    statistics = []
    for weight in (0.0, 5.0):
        model = small_model("vae", latents=HYBRID, network=NORMALISED, vat_weight=weight, jit_compile=jit_compile)
        before = [v.numpy() for v in model.encoder.non_trainable_variables]
        model.train_on_batch(images)
        statistics.append([v.numpy() for v in model.encoder.non_trainable_variables])
        assert any((a != b).any() for a, b in zip(before, statistics[-1], strict=True))
    for a, b in zip(*statistics, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_the_radius_may_follow_each_images_neighbour(images):
    model = small_model("vae", latents=HYBRID, vat_weight=1.0, vat_radius="neighbour")
    q = model.encode(images)
    flat = images.reshape(48, -1)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + 1e9 * np.eye(48)
    S = smoothness(
        lambda x: model.encode(x).logits, images, q.logits, fold(KEY, -2), epsilon=0.25 * distances.min(1).astype("f4")
    )
    np.testing.assert_allclose(model.vat(images, q, KEY, False), S, rtol=1e-3, atol=1e-4)


def test_nothing_to_smooth_without_categorical_latents(images):
    terms = small_model("vae", vat_weight=5.0).objective(images, KEY, training=True)
    assert "smoothness" not in terms


@pytest.mark.parametrize("radius", [0.0, -1.0, "far"])
def test_impossible_radius(radius):
    with pytest.raises(ValueError, match="vat_radius"):
        small_model("vae", latents=HYBRID, vat_radius=radius)
