"""A training that stops, fails or is extended: bit-identical results, and the checkpoint that is kept."""

import dataclasses
import json
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from interrupting import SETTINGS, after_step, terminate
from small import small_model

import vaezoo
from vaezoo.data import FactorGrid
from vaezoo.evaluation import evaluate, report
from vaezoo.training import Interrupted, Run, load_newest
from vaezoo.training.checkpoint_manager import CheckpointManager, to_numpy
from vaezoo.training.metrics_csv import read_rows

every_model = pytest.mark.parametrize("name", vaezoo.MODELS)


@pytest.fixture(scope="module")
def data(images):
    return dataclasses.replace(vaezoo.data.from_arrays(images), factors=FactorGrid(("a", "b"), (6, 8)))


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
    again = parts.fit(last, data, **SETTINGS)
    assert again == read_rows(tmp_path / "parts" / "metrics.csv")
    assert rows == again
    for a, b in zip(state(whole, tmp_path / "whole"), state(last, tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert last.step.numpy() == 12


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


def test_many_steps_in_one_execution_end_with_the_same_weights(data, tmp_path):
    models = {n: small_model("nonsyn", steps_per_execution=n) for n in (1, 4)}
    for n, model in models.items():
        Run(tmp_path / str(n), {}).fit(model, data, **{**SETTINGS, "checkpoint_every": 4})
    for a, b in zip(models[1].get_weights(), models[4].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_finished_run_is_left_alone(data, tmp_path):
    run = Run(tmp_path / "run", {})
    rows = run.fit(small_model("vae"), data, **SETTINGS)
    model = small_model("vae")
    assert run.fit(model, data, **SETTINGS) == rows
    assert model.step.numpy() == 12


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


def test_a_second_signal_ends_at_once(data, tmp_path):
    model = small_model("vae")
    after_step(model, 5, lambda: [terminate(), terminate()])
    with pytest.raises(SystemExit) as stopped:
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert [file.name for file in (tmp_path / "run" / "checkpoints").iterdir()] == ["3"]


def test_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(data, tmp_path):
    """The weights become NaN after step 7, and the terms in step 8; the checkpoint of step 6 stays."""
    model = small_model("vae")
    bias = model.decoder.trainable_variables[-1]
    after_step(model, 7, lambda: bias.assign(bias * np.nan))
    with pytest.raises(FloatingPointError, match="Step 8 made the term 'reconstruction' nan"):
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS)
    again = small_model("vae")
    assert CheckpointManager(tmp_path / "run" / "checkpoints", again).restore().step == 6
    assert all(np.isfinite(value).all() for value in again.get_weights())


def test_a_training_that_ends_early_is_an_error(data, tmp_path):
    """Keras's `fit` returns normally if a callback or the data raise OutOfRangeError, as a failed write does."""
    model = small_model("vae")

    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 6:
                raise tf.errors.OutOfRangeError(None, None, "file too large")

    with pytest.raises(RuntimeError, match="ended at step 7 of 12.*checkpoint of step 6 is kept"):
        Run(tmp_path / "run", {}).fit(model, data, **SETTINGS, callbacks=[Fails()])
