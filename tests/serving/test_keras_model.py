"""The Keras model of an exported version: its weights are the variables of the SavedModel, in their order."""

import json
import shutil

import numpy as np
import pytest
from small import small_model

import vaezoo
from vaezoo.serving import export
from vaezoo.serving.keras_model import load_keras_model, served_variables, unserved_networks
from vaezoo.training.checkpoint_manager import model_variables


def scrambled(model):
    """The model with other values in all variables, so that none is an initial one."""
    rng = np.random.default_rng(0)
    for variable in served_variables(model):
        variable.assign(rng.random(variable.shape))
    model.step.assign(7)
    return model


@pytest.mark.parametrize(
    "name, options",
    [("factor_vae", {}), ("joint_vae", {"latents": {"gaussian": 3, "categorical": [4]}, "precision": "bfloat16"})],
)
def test_weights_step_and_configuration_are_those_of_the_model(name, options, images, tmp_path):
    network = {"kind": "mlp", "encoder": {"hidden": (16, 16), "batch_norm": True}, "decoder": {"hidden": (16,)}}
    model = scrambled(small_model(name, network=network, **options))
    again = load_keras_model(export(model, tmp_path))
    assert type(again) is type(model) and json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert int(again.step) == 7
    for mine, other in zip(served_variables(again), served_variables(model), strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    np.testing.assert_array_equal(again.encode(images).mu, model.encode(images).mu)


@pytest.mark.parametrize("name", vaezoo.MODELS)
def test_all_other_variables_are_those_of_the_discriminator(name):
    model = small_model(name)
    networks = unserved_networks(model)
    assert [network.name for network in networks] == (["discriminator"] if name == "factor_vae" else [])
    known = [*served_variables(model), model.step, *(v for network in networks for v in network.variables)]
    assert {id(variable) for variable in known} == {id(variable) for variable in model_variables(model)}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return export(small_model("vae"), tmp_path_factory.mktemp("served"))


def flip_a_byte(version):
    file = version / "variables" / "variables.data-00000-of-00001"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)


def change_names(version):
    content = json.loads((version / "keras.json").read_text())
    content["weights"][:2] = content["weights"][1::-1]
    (version / "keras.json").write_text(json.dumps(content))


def foreign_variables(version):
    other = export(small_model("vae", latents={"gaussian": 4}), version.parent / "other")
    shutil.copytree(other / "variables", version / "variables", dirs_exist_ok=True)


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda version: (version / "keras.json").unlink(), "Expected .*keras.json, of which.*Export the run again"),
        (lambda version: (version / "keras.json").write_text("{"), "keras.json' to hold the configuration"),
        (lambda version: (version / "keras.json").write_text("{}"), "keras.json' to hold the configuration.*KeyError"),
        (lambda version: (version / "variables" / "variables.index").unlink(), "variables/variables cannot be read"),
        (lambda version: (version / "variables" / "variables.index").write_bytes(b"x" * 99), "cannot be read"),
        (lambda version: (version / "variables" / "variables.data-00000-of-00001").write_bytes(b"x"), "cannot be read"),
        (flip_a_byte, "cannot be read"),
        (change_names, "holds the weights of another model"),
        (foreign_variables, "holds the weights of another model"),
    ],
)
def test_what_is_damaged_is_named(damage, words, version, tmp_path):
    copy = shutil.copytree(version, tmp_path / "1")
    load_keras_model(copy)
    damage(copy)
    with pytest.raises(ValueError, match=words):
        load_keras_model(copy)
