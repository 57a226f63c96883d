"""train_main.py as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import app
from absl.testing import flagsaver

import train_main
import vaezoo

TRAIN = Path(__file__).parents[1] / "train_main.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(file, images=np.random.default_rng(0).random((60, 16, 16, 3)))
    return file


def train(folder, *flags):
    return subprocess.run([sys.executable, str(TRAIN), *flags], capture_output=True, text=True, cwd=folder)


def test_from_images_to_a_saved_model_and_again(data, tmp_path):
    flags = ["--model=beta_vae", f"--dataset={data}", "--set", "beta=2", "--set", 'latents={"gaussian": 4}']
    flags += ["--steps=6", "--log_every=2", "--checkpoint_every=3", "--batch_size=8", "--learning_rate=0.001"]
    flags += ["--steps_per_execution=1", "--jit_compile=off", "--seed=3", "--set", "network=mlp"]
    done = train(tmp_path, *flags, "--evaluate")
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
        train_main.FLAGS(["train_main.py", *flags])
        return train_main.prepare()


@pytest.mark.parametrize("name", vaezoo.MODELS)
def test_every_model_is_prepared(name, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, model, run, config = prepared(f"--model={name}", f"--dataset={data}", "--batch_size=4")
    assert run.config == json.loads(json.dumps(config)) and config["model"] == name
    values = {key: value for key, value in config["hyperparameters"].items() if key != "temperature"}
    assert set(values) < set(type(model).hyperparameters())
    assert all(value is None or isinstance(value, (int, float, str)) for value in values.values())
    if "dataset_size" in values:
        assert model.dataset_size == values["dataset_size"] == images.size == 60
    assert prepared(f"--model={name}", f"--dataset={data}", "--batch_size=4")[3] == config  # so it can be resumed


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
        (["--set", "vat_weight=-1"], "vat_weight"),
        (["--model=imae", "--set", "dataset_size=0"], "dataset_size"),
        (["--steps=0", "--batch_size=4"], "steps"),
        (["--batch_size=31"], "62"),
        (["--steps=10", "--steps_per_execution=3", "--batch_size=4"], "steps_per_execution=3"),
        (["--learning_rate=-1"], "learning_rate"),
        (["--jit_compile=maybe"], "maybe"),
        (["nonsyn"], "unexpected argument"),
    ],
)
def test_the_impossible_is_refused_before_anything_is_written(flags, words, data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stopped:
        app.run(train_main.main, ["train_main.py", f"--dataset={data}", *flags])
    assert stopped.value.code not in (0, None)
    assert words in f"{stopped.value.code}{capsys.readouterr()}"
    assert list(tmp_path.iterdir()) == []
