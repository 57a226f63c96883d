import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo.evaluate import evaluate, report
from vaezoo.training import Interrupted, Run, load_newest
from vaezoo.training.checkpoint_manager import CheckpointManager, to_numpy
from vaezoo.training.metrics_csv import read_rows

SETTINGS = {"steps": 12, "batch_size": 4, "seed": 5, "log_every": 4, "checkpoint_every": 3}
every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


@pytest.fixture(scope="module")
def data(images):
    return vaezoo.data.from_arrays(images)


def terminate():
    signal.raise_signal(signal.SIGTERM)


def state(model, folder):
    return [to_numpy(variable) for variable in CheckpointManager(folder, model).state.values()]


@every_model
def test_a_run_that_stops_and_goes_on_ends_with_the_same_bits(name, data, tmp_path):
    whole = small_model(name)
    rows = Run(tmp_path / "whole", {}).fit(whole, data, **SETTINGS)
    parts = Run(tmp_path / "parts", {})
    for stop in (5,) if name not in ("nonsyn", "factor_vae") else (5, 7):
        model = small_model(name)
        with pytest.raises(Interrupted, match=f"after step {stop}"):
            parts.fit(after_step(model, stop, terminate), data, **SETTINGS)
    last = small_model(name)
    assert parts.fit(last, data, **SETTINGS) == rows == read_rows(tmp_path / "parts" / "metrics.csv")
    for a, b in zip(state(whole, tmp_path / "whole"), state(last, tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert last.step.numpy() == 12


def after_step(model, step, act):
    """The model, with `act` called once it has done a step."""
    make = model.make_train_function

    def make_train_function(force=False):
        make(force)
        train = model.train_function

        def train_then_act(iterator):
            logs = train(iterator)
            if model.step.numpy() == step:
                act()
            return logs

        model.train_function = train_then_act
        return train_then_act

    model.make_train_function = make_train_function
    return model


def test_rows_are_means_since_the_last_row(data, tmp_path):
    rows = Run(tmp_path / "run", {}).fit(small_model("vae"), data, **{**SETTINGS, "steps": 6})
    assert [row["step"] for row in rows] == [4, 6]
    twin = small_model("vae")
    losses = []
    for x in data.batches(4, seed=5, steps=6):
        twin.reset_metrics()
        losses.append(float(twin.train_on_batch(x, return_dict=True)["loss"]))
    np.testing.assert_allclose([row["loss"] for row in rows], [np.mean(losses[:4]), np.mean(losses[4:])], rtol=1e-5)


def test_a_finished_run_is_left_alone(data, tmp_path):
    run = Run(tmp_path / "run", {})
    rows = run.fit(small_model("vae"), data, **SETTINGS)
    model = small_model("vae")
    assert run.fit(model, data, **SETTINGS) == rows
    assert model.step.numpy() == 12


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


def test_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(data, tmp_path):
    """The weights break after step 7, so step 8's terms are NaN; the checkpoint of step 6 stays."""
    model = small_model("vae")
    bias = model.decoder.trainable_variables[-1]
    after_step(model, 7, lambda: bias.assign(bias * np.nan))
    with pytest.raises(FloatingPointError, match="Step 8 made the term 'reconstruction' nan"):
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS)
    again = small_model("vae")
    assert CheckpointManager(tmp_path / "run" / "checkpoints", again).restore().step == 6
    assert all(np.isfinite(value).all() for value in again.get_weights())


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


@pytest.mark.parametrize("name", ["annealed_vae", "factor_vae"])
def test_an_extended_run_ends_with_the_bits_of_one_that_had_its_steps_from_the_start(name, data, tmp_path):
    settings = {**SETTINGS, "checkpoint_every": 5}
    whole, first, last = (small_model(name) for _ in range(3))
    Run(tmp_path / "whole", {"steps": 12}).fit(whole, data, **settings)
    Run(tmp_path / "run", {"steps": 7, "log_every": 7}).fit(first, data, **{**settings, "steps": 7, "log_every": 7})
    Run(tmp_path / "run", {"steps": 12, "log_every": 4}).fit(last, data, **{**settings, "checkpoint_every": 3})
    for a, b in zip(state(whole, tmp_path), state(last, tmp_path), strict=True):
        np.testing.assert_array_equal(a, b)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["steps"] == 12


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


def test_a_training_that_ends_early_is_an_error(data, tmp_path):
    """Keras's fit ends without a word where a callback or the data raise OutOfRangeError, as a failed write does."""
    model = small_model("vae")

    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 6:
                raise tf.errors.OutOfRangeError(None, None, "file too large")

    with pytest.raises(RuntimeError, match="ended at step 7 of 12.*checkpoint of step 6 is kept"):
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS, callbacks=[Fails()])


def test_an_unfinished_run_is_evaluated_at_its_newest_checkpoint(data, tmp_path):
    run = Run(tmp_path / "run", {"model": "vae", "steps": 12, "dataset": "array"})
    model = after_step(small_model("vae"), 5, terminate)
    with pytest.raises(Interrupted):
        run.fit(model, data, **SETTINGS)
    scores = evaluate(tmp_path / "run", metrics=["active_units"], dataset=data)
    assert scores["training"]["step"] == 5
    assert report.table(scores).startswith("run after step 5 of 12 (not finished) on 48 of 48")
    loaded, _ = load_newest(tmp_path / "run")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


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
    monkeypatch.setattr("vaezoo.training.run.package_versions", lambda: {"tensorflow": "9.9"})
    with pytest.warns(RuntimeWarning, match="goes on with {'tensorflow': '9.9'}"):
        Run(tmp_path / "run", {}).fit(small_model("vae"), data, **SETTINGS)


def test_a_second_signal_ends_at_once(data, tmp_path):
    model = small_model("vae")
    after_step(model, 5, lambda: [terminate(), terminate()])
    with pytest.raises(SystemExit) as stopped:
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert [file.name for file in (tmp_path / "run" / "checkpoints").iterdir()] == ["3"]


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


def test_many_steps_in_one_execution_end_with_the_same_weights(data, tmp_path):
    models = {n: small_model("nonsyn", steps_per_execution=n) for n in (1, 4)}
    for n, model in models.items():
        Run(tmp_path / str(n), {}).fit(model, data, **{**SETTINGS, "checkpoint_every": 4})
    for a, b in zip(models[1].get_weights(), models[4].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
