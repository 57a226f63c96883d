"""The command `vaezoo export`."""

import json
import shutil
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from absl import app
from absl.testing import flagsaver
from small import small_model

from vaezoo.cli import export
from vaezoo.training.checkpoint_manager import CheckpointManager


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run, and its model."""
    folder = tmp_path_factory.mktemp("runs") / "vae_shapes"
    folder.mkdir()
    model = small_model("vae")
    model.save(folder / "model.keras")
    (folder / "config.json").write_text(json.dumps({"dataset": "shapes.npz", "steps": 7}))
    (folder / "metrics.csv").write_text("step,loss\n7,50.5\n")
    return folder, model


def test_in_a_process_of_its_own(run, images, tmp_path):
    folder, model = run
    command = [sys.executable, "-m", "vaezoo", "export", f"--run={folder}", "--to=saved_models/shapes"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "Step 0\n", done.stderr
    assert done.stdout.splitlines()[-1] == "saved_models/shapes/1"
    published = tmp_path / "saved_models" / "shapes" / "1"
    card = json.loads((published / "model.json").read_text())
    assert card["training"] == {"dataset": "shapes.npz", "steps": 7, "step": 0}  # the model is an untrained one
    assert card["scores"] == {"step": 7, "loss": 50.5}
    encode = tf.saved_model.load(str(published)).signatures["encode"]
    np.testing.assert_allclose(encode(image=tf.constant(images))["mean"], model.encode(images).mu, atol=1e-5)


def call(*flags):
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stopped:
        app.run(export.main, ["vaezoo export", *flags])
    return stopped.value.code


def test_a_keras_file_and_what_to_keep(run, images, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    other = shutil.copy(run[0] / "model.keras", run[0] / "other.keras")
    for file, steps in ((other, None), (run[0] / "model.keras", 7)):
        assert call(f"--run={file}", "--to=shapes", "--keep=1", "--max_batch=9") is None
        card = json.loads(next((tmp_path / "shapes").glob("*/model.json")).read_text())
        assert card["training"].get("steps") == steps
    assert capsys.readouterr().out.split() == ["shapes/1", "shapes/2"]
    assert [child.name for child in (tmp_path / "shapes").iterdir()] == ["2"]
    assert "shapes/2 is a SavedModel" in str(call("--run=shapes/2", "--to=again"))
    encode = tf.saved_model.load("shapes/2").signatures["encode"]
    encode(image=tf.constant(images[:9]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="image"):
        encode(image=tf.constant(images[:10]))


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--run=nowhere", "--to=x"], "There is no nowhere"),
        (["--run=.", "--to=x"], "has no checkpoint and no model"),
        (["--to=x"], "--run="),
        (["--run={run}", "--to=x", "--keep=0"], "`keep` must be at least 1"),
        (["--run={run}", "--to=x", "--max_batch=0"], "`max_batch` must be at least 1"),
        (["--run={run}", "--to=x", "more"], "'more'"),
        (["--run={run}", "--to={run}/config.json/x"], "config.json' is no folder"),
    ],
)
def test_the_impossible_is_refused_before_anything_is_written(flags, words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in str(call(*(flag.format(run=run[0]) for flag in flags)))
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_something_else_is_refused(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "model.keras")
    assert "must be a model of vaezoo. Received: Sequential" in call(f"--run={tmp_path}", f"--to={tmp_path}/x")


def altered(file, target, **members):
    """Copies a .keras file with members replaced, or omitted if None."""
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(target, "w") as copy:
        for name in whole.namelist():
            content = members.get(name.partition(".")[0], whole.read(name))
            if content is not None:
                copy.writestr(name, content)


@pytest.mark.parametrize(
    "members",
    [
        {"config": None},  # a KeyError of Keras
        {"config": b"[1]"},  # a TypeError
        {"config": b"{"},
        {"config": b'{"module": "vaezoo.models.vae", "class_name": "VAE", "config": {}}'},  # of several lines
        {"model": None},
        {"model": b"no weights"},  # an OSError that names no file
    ],
)
def test_a_damaged_or_foreign_file_is_named_in_one_line(members, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    altered(run[0] / "model.keras", tmp_path / "damaged.keras", **members)
    message = call("--run=damaged.keras", "--to=served")
    assert message.startswith("vaezoo export: damaged.keras is not a .keras file that can be read. ")
    assert len(message.splitlines()) == 1 and len(message) < 400
    assert [file.name for file in tmp_path.iterdir()] == ["damaged.keras"]


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_a_file_that_is_no_archive(content, tmp_path):
    (tmp_path / "a.keras").write_bytes(content)
    message = call(f"--run={tmp_path}/a.keras", f"--to={tmp_path}/x")
    assert f"{tmp_path}/a.keras is not a .keras file that can be read" in message


def test_a_damaged_configuration_is_named(run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "run")
    (folder / "config.json").write_text("{")
    message = call(f"--run={folder}", f"--to={tmp_path}/served")
    assert message.startswith(f"vaezoo export: Expected '{folder}/config.json' to hold a run's configuration as JSON.")
    assert not (tmp_path / "served").exists()


def test_a_folder_in_the_way_is_found_before_the_model_is_loaded(run, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "a.keras").write_bytes(b"")
    message = call(f"--run={tmp_path}/a.keras", f"--to={tmp_path}/file/x")
    assert f"'{tmp_path}/file' is no folder" in message


def test_an_unfinished_run_is_exported_at_its_newest_checkpoint(run, tmp_path, capsys):
    _, model = run
    CheckpointManager(tmp_path / "run" / "checkpoints", model, {}).save(7, [{"step": 7, "loss": 50.5}])
    (tmp_path / "run" / "config.json").write_text(json.dumps({"dataset": "shapes.npz", "steps": 12}))
    assert call(f"--run={tmp_path}/run", f"--to={tmp_path}/shapes") is None
    assert capsys.readouterr().err == "Step 7\n"
    training = json.loads((tmp_path / "shapes" / "1" / "model.json").read_text())["training"]
    assert (training["step"], training["steps"]) == (7, 12)
