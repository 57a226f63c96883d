import ast
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from small import SHAPE, SMALL

import vaezoo
from vaezoo import models, networks, zoo
from vaezoo.cli import train
from vaezoo.models import BaseVAE
from vaezoo.networks.precision import PRECISIONS
from vaezoo.presets import Preset

PACKAGE = Path(vaezoo.__file__).parent


@pytest.mark.parametrize("name", vaezoo.PRESETS)
def test_presets_build_and_say_where_they_are_from(name):
    preset = vaezoo.PRESETS[name]
    assert isinstance(preset, Preset) and len(preset.source) > 20 and preset.precision in PRECISIONS
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset.steps = 1
    model = vaezoo.create(name, seed=0)
    assert isinstance(model, vaezoo.MODELS[preset.model]) and model.image_shape == preset.image_shape
    for hyperparameter, value in preset.hyperparameters.items():
        built = getattr(model, hyperparameter)
        assert built == value or built.get_config() == vaezoo.VAT(**value).get_config()
    assert float(model.optimizer.learning_rate) == pytest.approx(preset.optimizer["learning_rate"])


def test_no_two_papers_name_a_preset_alike():
    """Of two presets with one name, the package would silently have the second alone."""
    papers = [file.stem for file in (PACKAGE / "presets").glob("*.py") if file.stem not in ("__init__", "preset")]
    named = [name for paper in papers for name in getattr(vaezoo.presets, paper).PRESETS]
    assert sorted(named) == sorted(vaezoo.PRESETS) and len(papers) > 5


def test_presets_need_no_tensorflow():
    for file in (PACKAGE / "presets").glob("*.py"):
        found = [
            node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        names = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in found]
        assert all(
            name.startswith("vaezoo.presets") or name.split(".")[0] in sys.stdlib_module_names for name in names
        ), (file, names)


def test_nonsyn_dsprites_is_the_papers_appendix():
    model = vaezoo.create("nonsyn_dsprites")
    assert (model.alpha, model.omega, model.latents.gaussian, model.resample) == (5.0, 0.9, 10, True)
    assert (float(model.optimizer.learning_rate), model.optimizer.beta_1, model.optimizer.beta_2) == (
        pytest.approx(1e-4),
        0.9,
        0.999,
    )
    assert (vaezoo.PRESETS["nonsyn_dsprites"].batch_size, vaezoo.PRESETS["nonsyn_dsprites"].steps) == (64, 150_000)


KIM_AND_MNIH = {"network": "conv", "gaussian": 10, "categorical": (), "batch_size": 64, "learning_rate": 1e-4}
DUPONT = {
    "network": {"kind": "conv", "encoder": {"width": 256}, "decoder": {"width": 256}},
    "gaussian": 10,
    "categorical": (10,),
    "batch_size": 64,
    "learning_rate": 5e-4,
    "temperature": 0.67,
}
TABLE_1 = {"gaussian": 10, "categorical": (10,), "hidden": [500, 1000, 500, 500], "batch_norms": 2}
TABLE_2 = {"gaussian": 10, "categorical": (3,), "hidden": [1200, 1200, 2400, 1200, 1200, 1200], "batch_norms": 0}
IMAE = {"model": "imae", "gamma over beta": 2.0}
PAPERS = {
    "vae_dsprites": KIM_AND_MNIH,
    "factor_vae_dsprites": {**KIM_AND_MNIH, "gamma": 35.0, "discriminator_learning_rate": 1e-4, "steps": 300_000},
    "beta_tcvae_dsprites": {
        **KIM_AND_MNIH,
        "beta": 6.0,
        "batch_size": 2048,
        "learning_rate": 1e-3,
        "estimator": "mws",
        "dataset_size": 737_280,
        "steps": 18_000,  # 50 epochs
    },
    "beta_vae_dsprites": {**KIM_AND_MNIH, "beta": 4.0},
    "annealed_vae_dsprites": {**KIM_AND_MNIH, "gamma": 1000.0, "c_max": 25.0, "c_steps": 100_000},
    "joint_vae_mnist": {
        **DUPONT,
        "gamma": 30.0,
        "z_capacity": 5.0,
        "z_steps": 25_000,
        "y_capacity": 5.0,
        "y_steps": 25_000,
    },
    "joint_vae_fashion_mnist": {
        **DUPONT,
        "gamma": 100.0,
        "z_capacity": 5.0,
        "z_steps": 50_000,
        "y_capacity": 10.0,
        "y_steps": 50_000,
    },
    "joint_vae_dsprites": {
        **DUPONT,
        "gaussian": 6,
        "categorical": (3,),
        "gamma": 150.0,
        "z_capacity": 40.0,
        "z_steps": 300_000,
        "y_capacity": 1.1,
        "y_steps": 300_000,
    },
    "imae_mnist": {**IMAE, **TABLE_1, "VAT weight": 1000.0, "VAT radius": 1.26, "VAT xi": 10.0},
    "imae_fashion_mnist": {**IMAE, **TABLE_1},
    "imae_dsprites": {**IMAE, **TABLE_2, "VAT weight": 25.0, "VAT radius": 1.0},
    "imae_paper_beta_vae_mnist": {"model": "beta_vae", **TABLE_1},
    "imae_paper_beta_vae_dsprites": {"model": "beta_vae", **TABLE_2},
    "imae_paper_joint_vae_mnist": {"model": "joint_vae", **TABLE_1},
    "imae_paper_joint_vae_dsprites": {"model": "joint_vae", **TABLE_2},
    "info_vae_mnist": {"model": "info_vae", "alpha": 1.0, "divergence": "kl", **TABLE_1},
    "info_vae_dsprites": {"model": "info_vae", "alpha": 1.0, "divergence": "kl", **TABLE_2},
    "wae_mmd_mnist": {"lambda_": 10.0, "gaussian": 8},
    "dip_vae_dsprites": {**KIM_AND_MNIH, "kind": "ii", "lambda_od": 10.0, "lambda_d": 10.0},
}


@pytest.mark.parametrize("name", PAPERS)
def test_presets_are_what_the_papers_say(name):
    preset, model = vaezoo.PRESETS[name], vaezoo.create(name)
    layers = [*model.encoder.layers, *model.decoder.layers]
    said = {
        "hidden": [layer.units for layer in layers if isinstance(layer, keras.layers.Dense) and layer.name != "head"],
        "batch_norms": sum(isinstance(layer, keras.layers.BatchNormalization) for layer in layers),
        "gaussian": model.latents.gaussian,
        "categorical": model.latents.categorical,
        **{key: getattr(preset, key) for key in ("model", "network", "batch_size", "steps")},
        "learning_rate": preset.optimizer["learning_rate"],
        **{key: getattr(model, key) for key in type(model).hyperparameters() if hasattr(model, key)},
    }
    if model.regularizer:
        said |= {f"VAT {key}": value for key, value in model.regularizer.get_config().items()}
    if "beta" in said and "gamma" in said:
        said["gamma over beta"] = model.gamma / model.beta
    for key, value in PAPERS[name].items():
        assert said[key] == (pytest.approx(value, rel=1e-4) if isinstance(value, float) else value), key


def test_imaes_gamma_follows_beta():
    assert vaezoo.create("imae_mnist", beta=8.0).gamma == 16.0
    assert vaezoo.create("imae_mnist", beta=8.0, gamma=3.0).gamma == 3.0


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: vaezoo.create("nonsin", image_shape=SHAPE), "Unknown model or preset 'nonsin'. Did you mean 'nonsyn'"),
        (lambda: vaezoo.create("nonsyn"), "image_shape"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, alfa=3), "'alfa'. Did you mean 'alpha'"),
        (
            lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL, alpha="high"),
            "`alpha` must be a finite number.*'high'",
        ),
        (
            lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL, resample=1),
            "`resample` must be True or False.*1",
        ),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL, alpha=float("nan")), "`alpha`.*nan"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network="convnet"), "Unknown network 'convnet'"),
        (lambda: vaezoo.create("nonsyn", image_shape=SHAPE, network={"kind": "mlp", "coder": {}}), "'coder'"),
        (
            lambda: vaezoo.create("nonsyn", image_shape=SHAPE, latents={"gausian": 3}),
            "'gausian'. Did you mean 'gaussian'",
        ),
        (
            lambda: vaezoo.create("vae", image_shape=SHAPE, latents={"gaussian": 3, "categorical": 10}),
            "`categorical` must be a tuple.*10",
        ),
        (
            lambda: vaezoo.create("vae", image_shape=SHAPE, network={"kind": "mlp", "encoder": {"hiden": (3,)}}),
            "'hiden'. Did you mean 'hidden'.*: hidden, batch_norm",
        ),
        (lambda: vaezoo.create("vae", image_shape=SHAPE, network={"kind": "conv", "decoder": {"seed": 3}}), "'seed'"),
        (lambda: vaezoo.create("vae", image_shape=SHAPE, network={"kind": "conv", "decoder": 3}), "`decoder`.*dict.*3"),
    ],
)
def test_names_are_checked(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "name, meant",
    [
        ("lr", "learning_rate"),
        ("latent_dim", "latents"),
        ("latent_size", "latents"),
        ("z_dim", "latents"),
        ("input_shape", "image_shape"),
    ],
)
def test_other_libraries_names_are_understood(name, meant):
    with pytest.raises(ValueError, match=f"Unknown .* '{name}'. Did you mean '{meant}'?"):
        vaezoo.create("vae", image_shape=SHAPE, **{name: 3})


@pytest.mark.parametrize("shape", [28, (28, 28), (28, 28, 0), (28, 28, 1.0), "abc", (28, 28, 1, 1)])
def test_an_image_shape_is_three_whole_numbers(shape):
    with pytest.raises(ValueError, match=r"`image_shape` must be \(height, width, channels\), in pixels. Received"):
        vaezoo.create("vae", image_shape=shape, network=SMALL)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), "fast"])
def test_a_learning_rate_is_positive(rate):
    with pytest.raises(
        ValueError, match="`learning_rate` must be positive, or a keras.*LearningRateSchedule. Received"
    ):
        vaezoo.create("vae", image_shape=SHAPE, network=SMALL, learning_rate=rate)


def test_a_learning_rate_may_follow_a_schedule(images, tmp_path):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.1, 0.01])
    model = vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL, learning_rate=schedule, jit_compile=False)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.compile(model.optimizer, run_eagerly=True)
    for _ in range(2):
        model.train_on_batch(images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert json.dumps(loaded.optimizer.get_config()) == json.dumps(model.optimizer.get_config())


@pytest.mark.parametrize("statement", ["vaezoo.create", "vaezoo.VAE", "import vaezoo.networks, keras"])
def test_another_backend_of_keras_is_refused(statement):
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(vaezoo.__file__).parents[1])}
    command = [sys.executable, "-c", f"import vaezoo; import vaezoo.presets; print('imported')\n{statement}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout == "imported\n"
    assert done.stderr.splitlines()[-1] == (
        "ImportError: vaezoo needs Keras's TensorFlow backend: set KERAS_BACKEND=tensorflow before keras is imported. "
        "Received: 'jax'"
    )


def test_compile_replaces_the_optimizer(images):
    model = vaezoo.create("nonsyn", image_shape=SHAPE, network=SMALL)
    assert isinstance(model.optimizer, vaezoo.Adam)
    model.compile("sgd")
    model.fit(images, verbose=0)
    assert isinstance(model.optimizer, keras.optimizers.SGD)


def test_seeds_fix_everything(images):
    def trained(seed, **options):
        model = vaezoo.create("vae", image_shape=SHAPE, network=SMALL, seed=seed, **options)
        model.fit(images, verbose=0, shuffle=False)
        return model.get_weights()

    for options in ({}, {"jit_compile": False}):
        one, same = (trained(1, **options) for _ in range(2))
        assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, trained(2, **options), strict=True))
    unseeded = vaezoo.create("vae", image_shape=SHAPE, network=SMALL, jit_compile=False)
    assert np.isfinite(unseeded.train_on_batch(images)[0]) and isinstance(unseeded.seed, int)


def test_xla_is_chosen_by_network():
    assert zoo.should_jit_compile(vaezoo.create("vae", image_shape=SHAPE, network="mlp"))
    assert not zoo.should_jit_compile(vaezoo.create("vae_dsprites"))
    assert vaezoo.create("vae", image_shape=SHAPE, network="mlp").jit_compile
    assert not vaezoo.create("vae", image_shape=SHAPE, network="mlp", jit_compile=False).jit_compile


def test_models_are_listed_once():
    """In `vaezoo/models/__init__.py`; a new model is a file, a line there, and its public name in `__init__.pyi`."""
    assert vaezoo.MODELS is zoo.MODELS is models.MODELS and zoo.NETWORKS is networks.NETWORKS
    classes = {model.__name__: model for model in vaezoo.MODELS.values()}
    public = re.findall(r"^from \.models import (\w+) as \1$", (PACKAGE / "__init__.pyi").read_text(), re.MULTILINE)
    assert sorted(public) == sorted(models.__all__) and set(public) <= set(vaezoo.__all__)
    assert all(getattr(vaezoo, name) is getattr(models, name) for name in public)
    assert vaezoo.MODELS.keys() == {file.stem for file in model_files()}
    assert train.FLAGS["model"].help.startswith(f"One of: {', '.join(vaezoo.MODELS)}.")
    for file in PACKAGE.glob("**/*.py"):
        if file != PACKAGE / "models" / "__init__.py":
            for literal in listings(file):
                assert len(literal & {*vaezoo.MODELS, *classes}) <= len(classes) / 2, f"{file} lists the models"


def model_files():
    """The files of models: those that define a subclass of BaseVAE."""
    return [file for file in (PACKAGE / "models").glob("*.py") if "(BaseVAE):" in file.read_text()]


def listings(file):
    """The strings and names of every dict, list, tuple, set and import of a file, as sets."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield {alias.name for alias in node.names}
        elif isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set)):
            parts = [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts
            yield {
                getattr(part, "value", getattr(part, "id", None)) for part in parts if not isinstance(part, ast.Dict)
            }


def test_a_model_without_presets_is_one_of_the_zoo(images, monkeypatch):
    class Mine(BaseVAE):
        def objective(self, x, key, training):
            q, _, p = self.infer(x, key, training)
            return {"loss": -p.log_prob(x) + sum(self.kl_terms(q).values())}

    monkeypatch.setitem(models.MODELS, "mine", Mine)
    model = vaezoo.create("mine", image_shape=SHAPE, network=SMALL, seed=1)
    assert type(model) is Mine and float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    model.compile(model.optimizer, run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images))
    assert zoo.preset_of("mine", "mnist").model == "mine" and "mine" not in {p.model for p in vaezoo.PRESETS.values()}
