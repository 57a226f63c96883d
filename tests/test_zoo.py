import keras
import numpy as np
import pytest
from small import SHAPE, SMALL

import vaezoo
from vaezoo import zoo


@pytest.mark.parametrize("name", vaezoo.PRESETS)
def test_presets_build_and_say_where_they_are_from(name):
    preset = vaezoo.PRESETS[name]
    assert {"model", "dataset", "image_shape", "network", "latents", "optimizer", "batch_size", "steps"} <= set(preset)
    assert len(preset["source"]) > 20
    model = vaezoo.create(name, seed=0)
    assert isinstance(model, vaezoo.MODELS[preset["model"]])
    for hyperparameter, value in preset["hyperparameters"].items():
        assert getattr(model, hyperparameter) == value
    assert float(model.optimizer.learning_rate) == pytest.approx(preset["optimizer"]["learning_rate"])


def test_nonsyn_dsprites_is_the_papers_appendix():
    model = vaezoo.create("nonsyn_dsprites")
    assert (model.alpha, model.omega, model.latents.gaussian, model.resample) == (5.0, 0.9, 10, True)
    assert (float(model.optimizer.learning_rate), model.optimizer.beta_1, model.optimizer.beta_2) == (
        pytest.approx(1e-4),
        0.9,
        0.999,
    )
    assert (vaezoo.PRESETS["nonsyn_dsprites"]["batch_size"], vaezoo.PRESETS["nonsyn_dsprites"]["steps"]) == (
        64,
        150_000,
    )


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: vaezoo.create("nonsin", image_shape=SHAPE), "Unknown model or preset 'nonsin'. Did you mean 'nonsyn'"),
        (lambda: vaezoo.create("nonsyn"), "image_shape"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, alfa=3), "'alfa'. Did you mean 'alpha'"),
        (
            lambda: vaezoo.create("nonsyn", image_shape=SHAPE, alpha="high"),
            "`alpha` of 'nonsyn' must be .*float.*'high'",
        ),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, resample=1), "`resample`.*bool.*1"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, alpha=float("nan")), "`alpha`.*nan"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network="convnet"), "Unknown network 'convnet'"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network={"kind": "mlp", "coder": {}}), "'coder'"),
        (
            lambda: vaezoo.create("nonsyn", image_shape=SHAPE, latents={"gausian": 3}),
            "'gausian'. Did you mean 'gaussian'",
        ),
    ],
)
def test_names_are_checked(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_compile_replaces_the_optimizer(images):
    model = vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL)
    assert isinstance(model.optimizer, vaezoo.Adam)
    model.compile("sgd")
    model.fit(images, verbose=0)
    assert isinstance(model.optimizer, keras.optimizers.SGD)


def test_seeds_fix_everything(images):
    one, same, other = (vaezoo.create("vae", image_shape=SHAPE, network=SMALL, seed=seed) for seed in (1, 1, 2))
    for model in (one, same, other):
        model.fit(images, verbose=0, shuffle=False)
    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    unseeded = vaezoo.create("vae", image_shape=SHAPE, network=SMALL)
    assert np.isfinite(unseeded.train_on_batch(images)[0]) and isinstance(unseeded.seed, int)


def test_xla_is_chosen_by_network():
    assert zoo.worth_compiling(vaezoo.create("vae", image_shape=SHAPE, network="mlp"))
    assert not zoo.worth_compiling(vaezoo.create("vae_dsprites"))
    assert vaezoo.create("vae", image_shape=SHAPE, network="mlp").jit_compile
    assert not vaezoo.create("vae", image_shape=SHAPE, network="mlp", jit_compile=False).jit_compile
