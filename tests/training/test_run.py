import json
import signal

import numpy as np
import pytest
import tensorflow as tf
from small import small_model

import vaezoo
from vaezoo.training import Interrupted, Run
from vaezoo.training.checkpoint import Checkpoints
from vaezoo.training.logbook import read_rows

SETTINGS = {"steps": 12, "batch_size": 4, "seed": 5, "log_every": 4, "checkpoint_every": 3}
every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


@pytest.fixture
def data(images):
    return vaezoo.data.from_arrays(images)


def terminate():
    signal.raise_signal(signal.SIGTERM)


def state(model, folder):
    return [value.numpy() for value in Checkpoints(folder, model).state]


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
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == {"alpha": 5.0, "seed": 1}


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
    assert Checkpoints(tmp_path / "run" / "checkpoints", again).restore() == 6
    assert all(np.isfinite(value).all() for value in again.get_weights())


def test_weights_that_are_no_numbers_are_not_kept(tmp_path):
    model = small_model("vae")
    checkpoints = Checkpoints(tmp_path, model)
    checkpoints.save(1)
    kernel = model.decoder.trainable_variables[0]
    kernel.assign(kernel * np.inf)
    with pytest.raises(FloatingPointError, match="Step 2 made variable"):
        checkpoints.save(2)
    assert checkpoints.manager.latest_checkpoint.endswith("step-1")


def test_what_a_kill_left_half_written_is_swept(tmp_path):
    model = small_model("vae")
    Checkpoints(tmp_path, model).save(3)
    (tmp_path / "step-6_temp").mkdir()
    (tmp_path / "step-6_temp" / "part-00000-of-00001.data").write_text("half")
    (tmp_path / "step-6.index").write_text("whole, but unknown to the file that names the newest")
    assert Checkpoints(tmp_path, small_model("vae")).restore() == int(model.step.numpy())
    assert sorted(file.name.split(".")[0] for file in tmp_path.iterdir()) == ["checkpoint", "step-3", "step-3"]


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
    with pytest.raises(ValueError, match=f"`{name}` must be a positive multiple of steps_per_execution=4.*{value}"):
        Run(tmp_path / "run", {}).fit(model, data, **settings)
    assert not (tmp_path / "run").exists()


def test_many_steps_in_one_execution_end_with_the_same_weights(data, tmp_path):
    models = {n: small_model("nonsyn", steps_per_execution=n) for n in (1, 4)}
    for n, model in models.items():
        Run(tmp_path / str(n), {}).fit(model, data, **{**SETTINGS, "checkpoint_every": 4})
    for a, b in zip(models[1].get_weights(), models[4].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
