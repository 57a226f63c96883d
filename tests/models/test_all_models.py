"""What every model of the zoo must do, whatever its objective."""

import functools
import inspect
import json

import forked
import keras
import numpy as np
import pytest
import tensorflow as tf
from compare import MODES, PRECISIONS, TAKE_HYBRID, recompile, statistics, wide_model
from small import inputs, small_model, weights_of

import vaezoo
from vaezoo.latents.noise import fold
from vaezoo.models import BaseVAE
from vaezoo.serving.saved_model import write_saved_model
from vaezoo.terms import smoothness
from vaezoo.training import Run
from vaezoo.training.checkpoint_manager import CheckpointManager, to_numpy

each_kind_of_step = pytest.mark.parametrize("name", ["vae", "nonsyn", "factor_vae"])
every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


@pytest.fixture(scope="module")
def run_eagerly(images):
    """The weights of a model, by its name, after three eager steps in float32."""

    @functools.cache
    def weights(name):
        model = recompile(wide_model(name), run_eagerly=True)
        took_three_steps(model, images)
        return weights_of(model)

    return weights


@every_model
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_trains_saves_loads_goes_on_and_exports(name, mode, precision, run_eagerly, images, tmp_path):
    arguments = name, mode, precision, run_eagerly(name) if precision == "float32" else None, images, tmp_path
    if mode == "jit":  # what XLA compiles stays in memory until the process ends
        optimized = precision == "float32" and name in ("nonsyn", "imae")
        forked.call(train_save_load_go_on_and_export, *arguments, **({"XLA_FLAGS": ""} if optimized else {}))
    else:
        train_save_load_go_on_and_export(*arguments)


def train_save_load_go_on_and_export(name, mode, precision, trained_eagerly, images, tmp_path):
    """The dtypes of the networks are those of `create`, and not of Keras's global policy, under which they load."""
    model = recompile(wide_model(name, precision=precision), **MODES[mode])
    assert model.encoder.output.dtype == "float32" and model.decoder.output.dtype == precision
    before = weights_of(model)
    took_three_steps(model, images)
    assert all((a != b).any() for a, b in zip(before, weights_of(model), strict=True))
    if trained_eagerly:  # noise does not depend on the mode, so neither do the weights, but for rounding
        for a, b in zip(weights_of(model), trained_eagerly, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert (loaded.jit_compile, loaded.run_eagerly) == (model.jit_compile, model.run_eagerly)
    for trained in (model, loaded):
        trained.reset_metrics()
    assert_equal(state_of(model, tmp_path), state_of(loaded, tmp_path))
    smooth, moved = a_clean_pass(model, images[:16]) if model.latents.categorical else (None, None)
    terms = fit(model, images[:16])
    assert terms == fit(loaded, images[:16])
    assert_equal(state_of(model, tmp_path), state_of(loaded, tmp_path))
    if model.latents.categorical:
        np.testing.assert_allclose(terms["smoothness"], smooth, rtol={"float32": 1e-3, "bfloat16": 0.05}[precision])
        for a, b in zip(statistics(model), moved, strict=True):
            np.testing.assert_allclose(a, b, rtol={"float32": 1e-5, "bfloat16": 0.02}[precision], atol=1e-5)

    if mode == "graph":  # which is no part of what is exported
        (tmp_path / "served").mkdir()
        write_saved_model(loaded, tmp_path / "served", max_batch=48)
        signatures = tf.saved_model.load(str(tmp_path / "served")).signatures
        assert signatures["reconstruct"].structured_outputs["image"].dtype == tf.float32
        served = signatures["encode"](image=tf.constant(images))
        blocks = [served[key] for key in sorted(served) if key.startswith("probs")]
        codes, rounding = model.predict(images, verbose=0), {"float32": 1e-5, "bfloat16": 0.02}[precision]
        np.testing.assert_allclose(tf.concat([served["mean"], *blocks], -1), codes, rtol=rounding, atol=rounding)


def state_of(model, folder):
    """All that decides the next steps, weights, statistics, the optimizers' variables, the step; and the means."""
    return [to_numpy(variable) for variable in CheckpointManager(folder, model).state.values()]


def fit(model, images, batch_size=16):
    """The terms of an epoch."""
    history = model.fit(*inputs(model, images), batch_size=batch_size, verbose=0, shuffle=False).history
    assert all(np.isfinite(values).all() for values in history.values()), history
    return {name: values[0] for name, values in history.items()}


def a_clean_pass(model, x):
    """The smoothness on the minibatch of a first update, by hand, and BatchNorm's statistics after its one clean pass.

    What perturbed passes, and the pass of a second update, may not move.
    """
    (x, *_), weights = model.minibatches(tf.constant(x)), model.get_weights()
    q = model.encode(x, training=True)
    moved = statistics(model)
    key = fold(model.key(model.step, 0), -2)
    predict = lambda x: model.posterior(x, training=True).logits  # noqa: E731
    smooth = smoothness(predict, x, q.logits, key) if q.logits else 0.0
    model.set_weights(weights)
    return tf.reduce_mean(smooth), moved


def took_three_steps(model, images):
    terms = fit(model, images)
    assert set(terms) == set(model.metrics_names)
    assert ("smoothness" in terms) == bool(model.latents.categorical)
    assert model.step.numpy() == model.optimizer.iterations.numpy() == 3


def assert_equal(ones, others):
    for a, b in zip(ones, others, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["vae", "factor_vae", "imae"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_wide_run_that_stops_and_goes_on_ends_with_the_same_bits(name, precision, images, tmp_path):
    data = vaezoo.data.from_arrays(images)
    ends = []
    for folder, stops in [("whole", [5]), ("parts", [2, 5])]:
        for steps in stops:
            model = wide_model(name, precision=precision)
            Run(tmp_path / folder, {}).fit(model, data, steps=steps, batch_size=4, seed=5)
        ends.append(state_of(model, tmp_path / folder))
    assert_equal(*ends)


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
    first = model.evaluate(*inputs(model, images), batch_size=10, verbose=0, return_dict=True)
    assert first == model.evaluate(*inputs(model, images), batch_size=10, verbose=0, return_dict=True)
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
    fit(model, images[:1])


@pytest.mark.parametrize("name", TAKE_HYBRID)
@pytest.mark.parametrize("radius", [1.0, "neighbour"])
def test_one_image_is_left_for_the_last_batch(name, radius, images):
    model = recompile(wide_model(name, regularizer={"radius": radius}), run_eagerly=True)
    fit(model, images[:5], batch_size=4)
    assert np.isfinite(model.evaluate(images[:5], batch_size=4, verbose=0)).all()


def test_one_image_is_left_for_the_last_compiled_batch(images):
    forked.call(train_with_xla_on_uneven_batches, images[:5])


def train_with_xla_on_uneven_batches(images):
    fit(recompile(wide_model("vae", regularizer={"radius": "neighbour"}), jit_compile=True), images, batch_size=4)


@every_model
def test_a_step_can_be_replayed(name, images):
    """Two models with one seed take the same step; with another seed's noise they do not."""
    one, two, other = (recompile(small_model(name), run_eagerly=True) for _ in range(3))
    other.seed = 2
    losses = [model.train_on_batch(*inputs(model, images))[0] for model in (one, two, other)]
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
