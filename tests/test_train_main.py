"""train_main.py as a person runs it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import forked
import keras
import numpy as np
import pytest
from absl import app
from absl.testing import flagsaver

import vaezoo
from vaezoo.cli import outputs
from vaezoo.cli import train as command
from vaezoo.networks.precision import compute_precision

TRAIN = Path(__file__).parents[1] / "train_main.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(file, images=np.random.default_rng(0).random((60, 16, 16, 3)))
    return file


def train(folder, *flags):
    return forked.python(TRAIN, *flags, cwd=folder)


@pytest.mark.slow
@pytest.mark.integration
def test_from_images_to_a_saved_model_and_again(data, tmp_path):
    flags = ["--model=beta_vae", f"--dataset={data}", "--set", "beta=2", "--set", 'latents={"gaussian": 4}']
    flags += ["--steps=6", "--log_every=2", "--checkpoint_every=3", "--batch_size=8", "--learning_rate=0.001"]
    flags += ["--steps_per_execution=1", "--jit_compile=off", "--seed=3", "--set", "network=mlp"]
    command = [sys.executable, str(TRAIN), *flags, "--evaluate"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "beta_vae_images"
    figures = {file.name for file in (run / "figures").iterdir()}
    assert {"reconstructions.png", "traversals.png", "curves.png"} <= figures
    card = json.loads((tmp_path / "saved_models" / "beta_vae" / "1" / "model.json").read_text())
    scores = json.loads((run / "scores.json").read_text())["scores"]
    shown = {name: card["scores"][name] for score in scores.values() for name in score}
    assert shown and shown == pytest.approx({k: v for score in scores.values() for k, v in score.items()}, rel=1e-5)
    assert (run / "model.keras").exists() and (tmp_path / "saved_models" / "beta_vae" / "1" / "saved_model.pb").exists()
    for path in ("figures", "metrics.csv", "model.keras", "saved_models/beta_vae/1"):
        assert path in done.stdout
    config = json.loads((run / "config.json").read_text())
    assert config["hyperparameters"]["beta"] == 2 and config["latents"]["gaussian"] == 4
    assert config["learning_rate"] == pytest.approx(0.001)

    assert train(tmp_path, *flags).returncode == 0
    assert [child.name for child in (tmp_path / "saved_models" / "beta_vae").iterdir()] == ["1"]
    changed = train(tmp_path, *flags, "--learning_rate=0.002")
    assert changed.returncode != 0 and "learning_rate" in changed.stderr and "0.002" in changed.stderr
    assert "Traceback" not in changed.stderr


def prepared(*flags):
    """What `prepare` makes of flags, in this process."""
    with flagsaver.flagsaver():
        command.FLAGS(["train_main.py", *flags])
        return command.prepare()


@pytest.mark.parametrize("name", [name for name in vaezoo.MODELS if name != "ada_gvae"])
def test_every_model_is_prepared(name, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, model, run, config = prepared(f"--model={name}", f"--dataset={data}", "--batch_size=4")
    assert run.config == json.loads(json.dumps(config)) and config["model"] == name
    values = {key: value for key, value in config["hyperparameters"].items() if key != "temperature"}
    assert set(values) < set(type(model).hyperparameters())
    regularizer = values.pop("regularizer")
    assert regularizer is None or keras.saving.deserialize_keras_object(regularizer).weight == model.regularizer.weight
    assert all(value is None or isinstance(value, (int, float, str)) for value in values.values())
    if "dataset_size" in values:
        assert model.dataset_size == values["dataset_size"] == images.size == 60
    assert prepared(f"--model={name}", f"--dataset={data}", "--batch_size=4")[3] == config  # so it can be resumed


def test_the_precision_is_the_presets_or_what_the_flag_resolves_to(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = "--model=vae", f"--dataset={data}", "--batch_size=4", "--set", "network=mlp"

    def built(*more):
        _, model, _, config = prepared(*flags, *more)
        assert compute_precision(model) == config["precision"]
        return config["precision"]

    assert built() == built("--precision=float32") == "float32" and built("--precision=bfloat16") == "bfloat16"
    monkeypatch.setattr("vaezoo.networks.precision.native_bfloat16", lambda: True)
    assert built("--precision=auto") == "bfloat16" and built() == "float32"
    monkeypatch.setitem(vaezoo.PRESETS, "vae_dsprites", replace(vaezoo.PRESETS["vae_dsprites"], precision="auto"))
    assert built() == "bfloat16" and built("--precision=float32") == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_pairs_need_factors(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="factors"):
        prepared("--model=ada_gvae", f"--dataset={data}", "--batch_size=4")
    assert prepared("--model=ada_gvae", "--dataset=dsprites")[3]["preset"] == "ada_gvae_dsprites"
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_exported_once_to_each_folder(tmp_path, monkeypatch):
    published = []

    def export(model, folder, about):
        published.append(Path(folder, str(len(published) + 1)))
        published[-1].mkdir(parents=True)
        return published[-1]

    def again(export_dir=None, step=3):
        run = SimpleNamespace(folder=tmp_path, config={"model": "vae"})
        return str(outputs.export_once(SimpleNamespace(step=step), run, export_dir))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vaezoo, "export", export)
    assert [again() for _ in range(2)] == ["saved_models/vae/1"] * 2
    assert [again("other") for _ in range(2)] == ["other/2"] * 2
    assert [again(), again(f"{tmp_path}/other/")] == ["other/2"] * 2
    published[-1].rmdir()  # pruned, say: published again, it would be the newest
    assert again() == "other/2"
    assert again(step=4) == again(step=4) == "saved_models/vae/3"  # extended since

    def killed(*args):
        raise KeyboardInterrupt

    note = (tmp_path / "export.json").read_text()
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        again("third")
    assert (tmp_path / "export.json").read_text() == note


def test_a_hybrid_model_runs_on_images_with_labels(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "digits.npz", images=rng.random((40, 8, 8, 1)), labels=rng.integers(0, 3, 40))
    flags = ["--model=imae", "--dataset=digits.npz", "--set", 'latents={"gaussian": 2, "categorical": (3,)}']
    flags += ["--set", 'network={"kind": "mlp", "encoder": {"hidden": (8,)}, "decoder": {"hidden": (8,)}}']
    done = train(tmp_path, *flags, "--steps=4", "--log_every=2", "--batch_size=8", "--jit_compile=off")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "imae_digits"
    config = json.loads((run / "config.json").read_text())
    assert config["latents"]["categorical"] == [3] and config["hyperparameters"]["dataset_size"] == 40
    header, *rows = (run / "metrics.csv").read_text().splitlines()
    assert {"mi_y", "smoothness"} < set(header.split(",")) and len(rows) == 2
    assert (tmp_path / "saved_models" / "imae" / "1" / "saved_model.pb").exists()


def test_factor_vae_runs(data, tmp_path):
    flags = ["--model=factor_vae", f"--dataset={data}", "--set", "network=mlp", "--set", 'latents={"gaussian": 3}']
    done = train(tmp_path, *flags, "--steps=2", "--log_every=1", "--batch_size=4", "--jit_compile=off")
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "runs" / "factor_vae_images" / "config.json").read_text())
    assert config["hyperparameters"]["gamma"] == 35.0 and "discriminator" not in config["hyperparameters"]
    assert (tmp_path / "saved_models" / "factor_vae" / "1" / "saved_model.pb").exists()


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--model=nonsin"], "Did you mean 'nonsyn'"),
        (["--preset=nonsyn_dsprite"], "Did you mean 'nonsyn_dsprites'"),
        (["--preset=vae_dsprites", "--model=nonsyn"], "--model=vae"),
        (["--set", "alfa=3"], "Did you mean 'alpha'"),
        (["--set", "alpha"], "name=value"),
        (["--set", "alpha=high"], "'high'"),
        (["--set", "latents.gaussian=3"], "latents"),
        (["--set", "temperature=0"], "temperature"),
        (["--set", 'regularizer={{"weight": -1}}'], "`weight` of VAT"),
        (["--set", "scale=0"], "`scale`"),
        (["--set", "seed=4"], "--seed=4"),
        (["--set", "learning_rate=0.1"], "--learning_rate=0.1"),
        (["--set", "batch_size=4"], "--batch_size=4"),
        (["--set", "name=mine"], "'name'"),
        (["--set", "image_shape=(8, 8, 1)"], "'image_shape'"),
        (["--set", 'latents={{"gaussian": 3, "categorical": 10}}'], "`categorical`"),
        (["--set", 'network={{"kind": "mlp", "encoder": {{"hiden": (3,)}}}}'], "Did you mean 'hidden'"),
        (["--model=info_vae", "--set", "kernel=rbf"], "'rbf'"),
        (["--model=imae", "--set", "sigma_r=0"], "`sigma_r`"),
        (["--model=imae", "--set", "dataset_size=0"], "dataset_size"),
        (["--model=imae", "--set", "dataset_size=3", "--batch_size=4"], "at least batch_size=4. Received: 3"),
        (["--steps=0", "--batch_size=4"], "`steps` must be at least 1. Received: 0"),
        (["--checkpoint_every=0", "--batch_size=4"], "`checkpoint_every` must be at least 1"),
        (["--export_dir={data}", "--batch_size=4"], "is no folder"),
        (["--workdir={data}/run", "--batch_size=4"], "is no folder"),
        (["--set", "alpha=-1"], "`alpha`"),
        (["--set", "lr=0.1"], "'learning_rate'"),
        (["--batch_size=31"], "62"),
        (["--steps=10", "--steps_per_execution=3", "--batch_size=4"], "steps_per_execution=3"),
        (["--learning_rate=-1"], "learning_rate"),
        (["--jit_compile=maybe"], "maybe"),
        (["--precision=bf16"], "Choose from: float32, bfloat16, auto"),
        (["--set", "precision=bfloat16"], "--precision=bfloat16"),
        (["nonsyn"], "unexpected argument"),
    ],
)
def test_the_impossible_is_refused_before_anything_is_written(flags, words, data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stopped:
        app.run(command.main, ["train_main.py", f"--dataset={data}", *(flag.format(data=data) for flag in flags)])
    assert stopped.value.code not in (0, None)
    assert words in f"{stopped.value.code}{capsys.readouterr()}"
    assert list(tmp_path.iterdir()) == []
