"""What every model of the zoo must do, whatever its objective."""

import inspect

import keras
import numpy as np
import pytest
from small import small_model, weights_of

import vaezoo
from vaezoo.models import BaseVAE

MODES = {"graph": {}, "jit": {"jit_compile": True}, "eager": {"run_eagerly": True}}
each_kind_of_step = pytest.mark.parametrize("name", ["vae", "nonsyn", "factor_vae"])
every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


def recompile(model, **options):
    model.compile(vaezoo.Adam.from_config(model.optimizer.get_config()), **options)
    return model


def fit(model, images, steps=3):
    return model.fit(images, batch_size=len(images) // steps, verbose=0, shuffle=False)


@every_model
def test_every_mode_takes_the_same_steps(name, images):
    """Noise does not depend on the mode, so neither do the weights, but for rounding."""
    weights = {}
    for mode, options in MODES.items():
        model = small_model(name)
        before = weights_of(model)
        recompile(model, **{"jit_compile": False, **options})
        took_three_steps(model, images)
        weights[mode] = weights_of(model)
        assert all((a != b).any() for a, b in zip(before, weights[mode], strict=True)), mode
    for mode, values in weights.items():
        for a, b in zip(values, weights["graph"], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4, err_msg=mode)


@every_model
@pytest.mark.parametrize("mode", MODES)
def test_mixed_bfloat16_in_every_mode(name, mode, images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = recompile(small_model(name), **{"jit_compile": False, **MODES[mode]})
    assert model.encoder.layers[-2].compute_dtype == "bfloat16" and model.encoder.output.dtype == "float32"
    took_three_steps(model, images)


def took_three_steps(model, images):
    history = fit(model, images).history
    assert all(np.isfinite(values).all() for values in history.values()), history
    assert set(history) == {metric.name for metric in model.metrics}
    assert model.step.numpy() == model.optimizer.iterations.numpy() == 3


@each_kind_of_step
def test_save_and_load_go_on_as_if_nothing_had_happened(name, images, tmp_path):
    model = small_model(name)
    fit(model, images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for (one, _), (other, _) in zip(model.optimizers(), loaded.optimizers(), strict=True):
        assert [v.numpy().tolist() for v in one.variables] == [v.numpy().tolist() for v in other.variables]
    assert model.train_on_batch(images) == loaded.train_on_batch(images)
    for a, b in zip(weights_of(model), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(a, b)


@every_model
def test_config_is_the_constructors_signature(name):
    model = small_model(name)
    expected = set(inspect.signature(BaseVAE.__init__).parameters) | set(
        inspect.signature(type(model).__init__).parameters
    )
    config = model.get_config()
    assert set(config) == expected - {"self", "options"}
    assert type(model).from_config(model.get_config()).get_config() == config


@every_model
def test_evaluate_is_repeatable_and_changes_nothing(name, images):
    model = small_model(name)
    before = weights_of(model)
    first = model.evaluate(images, batch_size=10, verbose=0, return_dict=True)
    assert first == model.evaluate(images, batch_size=10, verbose=0, return_dict=True)
    for a, b in zip(before, weights_of(model), strict=True):
        np.testing.assert_array_equal(a, b)


@each_kind_of_step
def test_labels_are_ignored_and_odd_batches_taken(name, images):
    plain, labelled = small_model(name), small_model(name)
    plain.fit(images[:13], batch_size=5, shuffle=False, verbose=0)
    labelled.fit(images[:13], np.arange(13), batch_size=5, shuffle=False, verbose=0)
    for a, b in zip(weights_of(plain), weights_of(labelled), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.isfinite(a).all()


@every_model
def test_one_image_makes_a_batch(name, images):
    model = recompile(small_model(name), run_eagerly=True)
    history = model.fit(images[:1], batch_size=1, verbose=0).history
    assert np.isfinite(history["loss"][0])


@every_model
def test_a_step_can_be_replayed(name, images):
    """Two models with one seed take the same step; with another seed's noise they do not."""
    one, two, other = (recompile(small_model(name), run_eagerly=True) for _ in range(3))
    other.seed = 2
    losses = [model.train_on_batch(images)[0] for model in (one, two, other)]
    assert losses[0] == losses[1] != losses[2]


@every_model
def test_codes_images_and_distributions(name, images):
    model = small_model(name)
    codes = model.predict(images, verbose=0)
    assert codes.shape == (48, model.latents.size)
    np.testing.assert_allclose(codes, model.encode(images).mean(), rtol=1e-5, atol=1e-6)
    assert model.generate(5).shape == (5, 8, 8, 1)
    np.testing.assert_array_equal(model.generate(5, seed=3), model.generate(5, seed=3))
    pictures = model.reconstruct(images)
    assert pictures.shape == images.shape and pictures.min() >= 0 and pictures.max() <= 1
    assert model.decode(codes).log_prob(images).shape == (48,)
