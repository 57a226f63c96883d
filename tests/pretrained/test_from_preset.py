"""`vaezoo.from_preset`: names, folders, and what a version does not hold."""

import shutil
import warnings

import keras
import pytest
from small import small_model
from tiny_preset import NAME, STEPS

import vaezoo
from vaezoo.explore import explore


@pytest.fixture
def weights(published, monkeypatch):
    """VAEZOO_WEIGHTS names the published run."""
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(published[0]))


def bits(model):
    return [variable.numpy().tobytes() for variable in model.variables]


def test_a_run_and_its_version_give_the_model_of_the_preset(run, published, weights, tmp_path):
    trained = bits(vaezoo.from_preset(NAME))
    unfinished = shutil.copytree(run, tmp_path / "run")  # as it is before the last file is written
    (unfinished / "model.keras").unlink()
    versions = published[0] / NAME
    for folder in (run, unfinished, str(versions), versions / "1"):
        model = vaezoo.from_preset(folder)
        assert bits(model) == trained and int(model.step) == STEPS and model.compiled
        assert isinstance(model.optimizer, vaezoo.Adam) and int(model.optimizer.iterations) == 0
        assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
        assert model.jit_compile  # as `create` has it for an MLP; the run was trained without


@pytest.mark.parametrize("source", ["preset", "run", "version"])
def test_initial_weights(source, run, published, weights):
    given = {"preset": NAME, "run": run, "version": published[0] / NAME}[source]
    model, trained = vaezoo.from_preset(given, load_weights=False), vaezoo.from_preset(given)
    assert model.compiled and int(model.step) == 0
    assert [v.shape for v in model.variables] == [v.shape for v in trained.variables] and bits(model) != bits(trained)
    if source != "preset":  # whose seed is drawn; the others have that of the run
        new = vaezoo.create(NAME, seed=3)
        assert bits(vaezoo.from_preset(given, load_weights=False)) == bits(new)


def test_names_that_are_not_there(weights, monkeypatch, tmp_path):
    words = "Unknown preset 'nonsin_dsprites'. Did you mean 'nonsyn_dsprites'.*Choose from: nonsyn_dsprites, "
    with pytest.raises(ValueError, match=words):
        vaezoo.from_preset("nonsin_dsprites")
    words = "no trained weights of preset 'vae_dsprites' in .*Trained are: tiny_shapes. `load_weights=False`"
    with pytest.raises(ValueError, match=words):
        vaezoo.from_preset("vae_dsprites")
    (tmp_path / "manifest.json").write_text("{}")
    monkeypatch.setenv("VAEZOO_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match="Trained are: none"):
        vaezoo.from_preset(NAME)
    with pytest.raises(ValueError, match="There is no folder 'runs/none'"):
        vaezoo.from_preset("runs/none")
    (tmp_path / "one").mkdir()
    with pytest.raises(ValueError, match=r"Expected the folder of a run.* has: manifest.json, one"):
        vaezoo.from_preset(tmp_path)


def test_a_folder_with_the_name_of_a_preset(published, run, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_model("vae").save("model.keras")
    folder = tmp_path / NAME
    folder.mkdir()
    shutil.move("model.keras", folder / "model.keras")
    assert type(vaezoo.from_preset(NAME)) is vaezoo.BetaVAE and type(vaezoo.from_preset(f"./{NAME}")) is vaezoo.VAE


def test_what_a_version_does_not_hold_is_said(tmp_path):
    model = small_model("factor_vae")
    for variable in model.discriminator.variables:
        variable.assign_add(variable + 1.0)
    vaezoo.export(model, tmp_path)
    words = "1 holds the weights of the encoder and the decoder.* of FactorVAE have initial values: discriminator"
    with pytest.warns(UserWarning, match=words):
        again = vaezoo.from_preset(tmp_path)
    assert bits(again.encoder) == bits(model.encoder) and bits(again.decoder) == bits(model.decoder)
    assert bits(again.discriminator) != bits(model.discriminator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vaezoo.from_preset(tmp_path, load_weights=False)


def test_networks_of_ones_own_and_another_optimizer(tmp_path):
    latents = vaezoo.LatentSpec(gaussian=2)
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    model = vaezoo.VAE(encoder, decoder, latents=latents)
    model.compile(keras.optimizers.SGD(0.5))
    vaezoo.export(model, tmp_path)
    again = vaezoo.from_preset(tmp_path)
    assert bits(again) == bits(model)
    assert type(again.optimizer) is keras.optimizers.SGD and float(again.optimizer.learning_rate) == 0.5


def test_it_is_explored_beside_a_run(run, weights, tmp_path):
    page = explore([run], tmp_path / "both.html", presets=[NAME]).read_text()
    assert f'"name":"{NAME}","about":"{NAME} \\u00b7 step {STEPS} \\u00b7 beta 2"' in page and '"name":"tiny"' in page
    with pytest.raises(ValueError, match="one or two models. Received: 3"):
        explore([run, run], tmp_path / "three.html", presets=[NAME])
