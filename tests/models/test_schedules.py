"""Weights and capacities that follow a schedule of the step."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from compare import HYBRID, objective
from keras.optimizers.schedules import PiecewiseConstantDecay, PolynomialDecay
from small import small_model

import vaezoo
from vaezoo.models.hyperparameters import at_step
from vaezoo.training import Run

RAMP = PolynomialDecay(0.0, 4, 2.0)  # 0, 0.5, 1, 1.5, 2, 2, ...
SCHEDULED = [
    ("beta_vae", "beta", {}),
    ("annealed_vae", "gamma", {}),
    ("annealed_vae", "c_max", {"c_steps": 1}),
    ("joint_vae", "gamma", {}),
    ("joint_vae", "z_capacity", {"z_steps": 1}),
    ("joint_vae", "y_capacity", {"y_steps": 1}),
    ("factor_vae", "gamma", {}),
    ("beta_tcvae", "beta", {}),
]


def test_a_number_is_itself_at_every_step():
    assert at_step(3.0, tf.constant(5)) == 3.0
    for compiled in (False, True):
        now = tf.function(lambda step: at_step(RAMP, step), jit_compile=compiled)
        assert [float(now(tf.constant(t, tf.int64))) for t in range(6)] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]


@pytest.mark.parametrize("name, argument, ramp", SCHEDULED)
def test_the_loss_is_that_of_the_schedules_value(name, argument, ramp, images):
    model = small_model(name, latents=HYBRID, **{argument: RAMP})
    for step, value in [(1, 0.5), (3, 1.5), (9, 2.0)]:
        constant = small_model(name, latents=HYBRID, **ramp, **{argument: value})
        for each in (model, constant):
            each.step.assign(step)
        np.testing.assert_allclose(objective(model, images), objective(constant, images), rtol=1e-5)
    other = small_model(name, latents=HYBRID, **ramp, **{argument: 1.0})
    other.step.assign(9)
    assert np.abs(objective(model, images) - objective(other, images)).max() > 1e-4


def test_a_compiled_step_follows_the_schedule(images):
    """With a beta of 1 for two steps, these are the VAE's; the third is not."""
    schedule = PiecewiseConstantDecay([1], [1.0, 9.0])
    scheduled, vae = small_model("beta_vae", beta=schedule), small_model("vae")
    losses = [[float(model.train_on_batch(images)[0]) for model in (scheduled, vae)] for _ in range(3)]
    np.testing.assert_allclose(*zip(*losses[:2], strict=True), rtol=1e-5)  # running means
    assert losses[2][0] > losses[2][1] + 1e-3


@pytest.mark.parametrize("name, argument, ramp", SCHEDULED)
def test_a_schedule_is_saved_with_the_model(name, argument, ramp, tmp_path):
    model = small_model(name, latents=HYBRID, **{argument: RAMP})
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert isinstance(getattr(loaded, argument), PolynomialDecay)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())


def test_a_schedule_identifies_a_run(images, tmp_path):
    data = vaezoo.data.from_arrays(images)

    def fit(schedule, steps):
        model = small_model("beta_vae", beta=schedule)
        run = Run(tmp_path, {"hyperparameters": {"beta": model.get_config()["beta"]}})
        return run.fit(model, data, steps=steps, batch_size=4, seed=5, log_every=1)

    assert len(fit(RAMP, 2)) == 2
    assert len(fit(PolynomialDecay(0.0, 4, 2.0), 3)) == 3
    with pytest.raises(ValueError, match="another configuration"):
        fit(PolynomialDecay(0.0, 5, 2.0), 4)
