"""The folder of a run: its identity, its files and what it refuses."""

import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
from interrupting import SETTINGS, after_step
from small import small_model

import vaezoo
from vaezoo.training import Run
from vaezoo.training.metrics_csv import read_rows


@pytest.fixture(scope="module")
def data(images):
    return vaezoo.data.from_arrays(images)


def test_rows_are_means_since_the_last_row(data, tmp_path):
    rows = Run(tmp_path / "run", {}).fit(small_model("vae"), data, **{**SETTINGS, "steps": 6})
    assert [row["step"] for row in rows] == [4, 6]
    twin = small_model("vae")
    losses = []
    for x in data.batches(4, seed=5, steps=6):
        twin.reset_metrics()
        losses.append(float(twin.train_on_batch(x, return_dict=True)["loss"]))
    np.testing.assert_allclose([row["loss"] for row in rows], [np.mean(losses[:4]), np.mean(losses[4:])], rtol=1e-5)


def test_another_configuration_is_refused_and_shown(data, tmp_path):
    Run(tmp_path / "run", {"alpha": 5.0, "seed": 1}).fit(small_model("vae"), data, **SETTINGS)
    with pytest.raises(ValueError, match="alpha: 5.0 there, 4.0 now") as caught:
        Run(tmp_path / "run", {"alpha": 4.0, "seed": 1})
    assert "seed" not in str(caught.value)
    there = json.loads((tmp_path / "run" / "config.json").read_text())
    assert {name: there[name] for name in ("alpha", "seed")} == {"alpha": 5.0, "seed": 1}


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(ValueError, match="not the folder of a run"):
        Run(tmp_path, {})
    assert (tmp_path / "thesis.tex").read_text() == "dear"


def test_a_run_that_diverged_before_its_first_checkpoint_leaves_its_folder_free(data, tmp_path):
    model = small_model("vae")
    bias = model.decoder.trainable_variables[-1]
    after_step(model, 1, lambda: bias.assign(bias * np.nan))
    with pytest.raises(FloatingPointError):
        Run(tmp_path / "run", {"learning_rate": 1e6}).fit(model, data, **{**SETTINGS, "log_every": 1})
    assert len(read_rows(tmp_path / "run" / "metrics.csv")) == 1
    rows = Run(tmp_path / "run", {"learning_rate": 0.01}).fit(small_model("vae"), data, **SETTINGS)
    assert [row["step"] for row in rows] == [4, 8, 12] and rows == read_rows(tmp_path / "run" / "metrics.csv")
    assert len(list((tmp_path / "run" / "tensorboard").iterdir())) == 1
    with pytest.raises(ValueError, match="learning_rate: 0.01 there, 1000000.0 now"):
        Run(tmp_path / "run", {"learning_rate": 1e6})


def test_a_run_cannot_be_shortened_and_a_schedule_of_its_length_identifies_it(data, tmp_path):
    schedule = {"class_name": "CosineDecay", "decay_steps": 12}
    Run(tmp_path / "run", {"learning_rate": schedule}).fit(small_model("vae"), data, **SETTINGS)
    with pytest.raises(ValueError, match="at step 12 already"):
        Run(tmp_path / "run", {"learning_rate": schedule}).fit(small_model("vae"), data, **{**SETTINGS, "steps": 6})
    with pytest.raises(ValueError, match="learning_rate.*decay_steps"):
        Run(tmp_path / "run", {"learning_rate": {**schedule, "decay_steps": 20}})


@pytest.mark.parametrize("changed", ["values", "size"])
def test_changed_data_are_refused(changed, data, images, tmp_path):
    Run(tmp_path / "run", {}).fit(small_model("vae"), data, **{**SETTINGS, "steps": 4})
    other = vaezoo.data.from_arrays({"values": 1 - images, "size": images[:40]}[changed])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="data: .*'size': 48.* there, .* now"):
        Run(tmp_path / "run", {}).fit(small_model("vae"), other, **SETTINGS)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_on_the_same_images_from_elsewhere_goes_on(data, images, tmp_path):
    Run(tmp_path / "run", {"dataset": "a.npz", "origin": "file"}).fit(
        small_model("vae"), data, **{**SETTINGS, "steps": 4}
    )
    copy = vaezoo.data.from_arrays(images.copy(), labels=np.zeros(48, int), name="other")
    rows = Run(tmp_path / "run", {"dataset": "./b.npz"}).fit(small_model("vae"), copy, **SETTINGS)
    assert rows[-1]["step"] == 12


def test_only_one_process_holds_a_run(data, tmp_path):
    run = Run(tmp_path / "run", {})
    with run.locked(), run.locked(), pytest.raises(OSError, match=f"in use by process {os.getpid()}"):
        Run(tmp_path / "run", {}).fit(small_model("vae"), data, **SETTINGS)
    assert [file.name for file in (tmp_path / "run").iterdir()] == [".lock"]
    run.fit(small_model("vae"), data, **{**SETTINGS, "steps": 4})


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """The folder of a finished run of a VAE, and its rows."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    return folder, Run(folder, {"alpha": 5.0}).fit(small_model("vae"), data, **SETTINGS)


@pytest.mark.parametrize("damage", ["half a row", "garbage", "other columns", "gone"])
def test_a_damaged_metrics_csv_is_mended_from_the_checkpoint(damage, finished, data, tmp_path):
    folder, rows = finished
    run = Run(shutil.copytree(folder, tmp_path / "run"), {"alpha": 5.0})
    file = tmp_path / "run" / "metrics.csv"
    whole = file.read_text()
    spoilt = {"half a row": whole[:-20], "garbage": "\x00\xff" * 50, "other columns": "epoch,acc\n1,2\n", "gone": None}
    file.unlink() if spoilt[damage] is None else file.write_text(spoilt[damage])
    assert run.fit(small_model("vae"), data, **SETTINGS) == rows and file.read_text() == whole
    rows = run.fit(small_model("vae"), data, **{**SETTINGS, "steps": 16})
    assert [row["step"] for row in rows] == [4, 8, 12, 16] and read_rows(file) == rows


@pytest.mark.parametrize("text", ["", '{"alpha": 5', None])
def test_a_damaged_configuration_is_mended_from_the_checkpoint(text, finished, data, tmp_path):
    shutil.copytree(finished[0], tmp_path / "run")
    file = tmp_path / "run" / "config.json"
    file.unlink() if text is None else file.write_text(text)
    with pytest.warns(RuntimeWarning, match="config.json is damaged"), pytest.raises(ValueError, match="5.0 there, 4"):
        Run(tmp_path / "run", {"alpha": 4.0})
    with pytest.warns(RuntimeWarning, match="config.json is damaged"):
        Run(tmp_path / "run", {"alpha": 5.0}).fit(small_model("vae"), data, **SETTINGS)
    assert json.loads(file.read_text())["alpha"] == 5.0


def test_other_versions_of_packages_are_told(data, tmp_path, monkeypatch):
    Run(tmp_path / "run", {}).fit(small_model("vae"), data, **{**SETTINGS, "steps": 4})
    monkeypatch.setattr("vaezoo.training.run.package_versions", lambda _: {"tensorflow": "9.9"})
    with pytest.warns(RuntimeWarning, match="goes on with {'tensorflow': '9.9'}"):
        Run(tmp_path / "run", {}).fit(small_model("vae"), data, **SETTINGS)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_images_of_any_number_of_channels_train(channels, tmp_path):
    images = np.random.default_rng(0).random((20, 8, 8, channels), np.float32)
    model = small_model("vae", image_shape=(8, 8, channels))
    data = vaezoo.data.from_arrays(images)
    rows = Run(tmp_path / "run", {}).fit(model, data, **{**SETTINGS, "steps": 3}, examples=images[:2])
    assert rows[-1]["step"] == 3


def test_tensorboard_has_the_scalars_and_images(data, images, tmp_path):
    Run(tmp_path / "run", {}).fit(small_model("vae"), data, **SETTINGS, examples=images[:3])
    (file,) = (tmp_path / "run" / "tensorboard").iterdir()
    tags = {
        (value.tag, event.step)
        for record in tf.data.TFRecordDataset(str(file))
        for event in [tf.compat.v1.Event.FromString(record.numpy())]
        for value in event.summary.value
    }
    assert {("loss", 4), ("kl_z", 12), ("reconstructions", 12)} <= tags


@pytest.mark.parametrize("name, value", [("steps", 0), ("log_every", 5), ("checkpoint_every", 3)])
def test_intervals_must_end_with_an_execution(name, value, data, tmp_path):
    model = small_model("vae", steps_per_execution=4)
    settings = {**SETTINGS, "checkpoint_every": 4, name: value}
    words = "at least 1" if value < 1 else "a multiple of steps_per_execution=4"
    with pytest.raises(ValueError, match=f"`{name}` must be {words}.*{value}"):
        Run(tmp_path / "run", {}).fit(model, data, **settings)
    assert not (tmp_path / "run").exists()


def test_the_precision_of_the_networks_identifies_a_run(data, tmp_path):
    """Where the configuration does not give it, `fit` adds it. Earlier ones lack it: their networks had float32."""
    run, short = tmp_path / "run", {**SETTINGS, "steps": 4, "checkpoint_every": 4}
    Run(run, {}).fit(small_model("vae"), data, **short)
    words = "\n  precision: 'float32' there, 'bfloat16' now$"
    with pytest.raises(ValueError, match=words):
        Run(run, {}).fit(small_model("vae", precision="bfloat16"), data, **SETTINGS)
    config = json.loads((run / "config.json").read_text())
    assert config.pop("precision") == "float32"
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=words):
        Run(run, {"precision": "bfloat16"})
    rows = Run(run, {"precision": "float32"}).fit(small_model("vae"), data, **{**short, "steps": 8})
    assert rows[-1]["step"] == 8 and json.loads((run / "config.json").read_text())["precision"] == "float32"


def test_the_number_of_replicas_identifies_a_run(finished, data, tmp_path):
    """Sums in another order have other last bits. Earlier configurations lack it: there was one replica."""
    folder, rows = finished
    run = Run(shutil.copytree(folder, tmp_path / "run"), {"alpha": 5.0})
    file = tmp_path / "run" / "config.json"
    config = json.loads(file.read_text())
    assert config.pop("replicas") == 1
    file.write_text(json.dumps({**config, "replicas": 2}))
    with pytest.raises(ValueError, match="\n  replicas: 2 there, 1 now$"):
        run.fit(small_model("vae"), data, **SETTINGS)
    file.write_text(json.dumps(config))
    assert run.fit(small_model("vae"), data, **SETTINGS) == rows
