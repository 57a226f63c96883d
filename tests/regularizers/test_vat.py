"""The smoothness of q(y | x) in the losses of models."""

import keras
import numpy as np
import pytest
from compare import HYBRID, KEY, TAKE_HYBRID
from small import small_model

import vaezoo
from vaezoo.latents.noise import fold
from vaezoo.terms import smoothness


def smooth(model, x, **options):
    q = model.encode(x)
    return smoothness(lambda x: model.posterior(x).logits, x, q.logits, fold(KEY, -2), **options)


@pytest.mark.parametrize("name", TAKE_HYBRID)
def test_its_weight_is_in_the_loss(name, images):
    """loss(w) - loss(0) = w S, in every model."""
    penalised, plain = (small_model(name, latents=HYBRID, regularizer=vaezoo.VAT(weight)) for weight in (3.0, 0.0))
    terms = [model.regularized(model.objective)(images, KEY, training=False) for model in (penalised, plain)]
    S = smooth(penalised, images)
    np.testing.assert_allclose(terms[0]["smoothness"], S, rtol=1e-4)
    np.testing.assert_allclose(terms[0]["loss"] - terms[1]["loss"], 3 * S, rtol=1e-3, atol=1e-2)
    assert np.all(terms[1].get("smoothness", 0.0) == 0)  # nothing is computed without a weight


@pytest.mark.parametrize("name", [name for name in TAKE_HYBRID if name != "imae"])
def test_the_objective_of_a_paper_without_it_does_not_have_it(name, images):
    model = small_model(name, latents=HYBRID, regularizer=vaezoo.VAT(3.0))
    assert "smoothness" not in model.objective(images, KEY, training=False)


def test_imae_has_the_weight_of_equation_9_unless_it_is_given_one():
    assert small_model("imae", beta=3.0).regularizer.get_config() == {"weight": 3.0, "radius": 1.0, "xi": 1.0}
    assert small_model("imae", beta=3.0, beta_y=7.0).regularizer.weight == 7.0
    assert small_model("imae", beta=3.0, regularizer={"weight": 0.0}).regularizer.weight == 0.0


def test_the_radius_may_follow_each_images_neighbour(images):
    vat = vaezoo.VAT(1.0, "neighbour")
    model = small_model("vae", latents=HYBRID, regularizer=vat)
    flat = images.reshape(48, -1)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + 1e9 * np.eye(48)
    S = smooth(model, images, epsilon=0.25 * distances.min(1).astype("f4"))
    np.testing.assert_allclose(vat(model, images, KEY, False), S, rtol=1e-3, atol=1e-4)


def test_its_direction_is_looked_for_at_xi(images):
    model = small_model("vae", latents=HYBRID)
    near, far = (vaezoo.VAT(1.0, 2.0, xi)(model, images, KEY, False) for xi in (1.0, 10.0))
    np.testing.assert_allclose(far, smooth(model, images, epsilon=2.0, xi=10.0), rtol=1e-4)
    assert np.abs(far - near).max() > 1e-4


def test_nothing_to_smooth_without_categorical_latents(images):
    model = small_model("vae", regularizer={"weight": 5.0})
    assert model.regularized(model.objective) == model.objective


IMPOSSIBLE = {"weight": [-1.0, np.nan, "high", None], "radius": [0.0, -1.0, "far", None], "xi": [0.0, np.inf, "far"]}


@pytest.mark.parametrize("option, value", [(option, value) for option in IMPOSSIBLE for value in IMPOSSIBLE[option]])
def test_impossible_values(option, value):
    with pytest.raises(ValueError, match=f"`{option}` of VAT must.*Received: {value!r}"):
        small_model("vae", latents=HYBRID, regularizer={option: value})


@pytest.mark.parametrize("value", [3.0, {"wieght": 1.0}, "vat"])
def test_what_is_no_regularizer(value):
    with pytest.raises(ValueError, match="`regularizer` must be a vaezoo.VAT, a dict of its `weight`, `radius` and"):
        small_model("vae", latents=HYBRID, regularizer=value)


def test_it_is_part_of_the_configuration():
    model = small_model("vae", latents=HYBRID, regularizer={"weight": 2.0, "radius": "neighbour", "xi": 10.0})
    other = type(model).from_config(model.get_config())
    assert other.regularizer.get_config() == {"weight": 2.0, "radius": "neighbour", "xi": 10.0}
    assert keras.saving.serialize_keras_object(other.regularizer)["class_name"] == "VAT"
