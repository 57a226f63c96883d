"""Data parallelism, in a process with two logical devices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import dataclasses, sys
from pathlib import Path
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, vaezoo
from small import SMALL, small_model, weights_of
from vaezoo.data import FactorGrid
from vaezoo.training import Run

images = (np.random.default_rng(0).random((48, 8, 8, 1)) > 0.5).astype("float32")
data = dataclasses.replace(vaezoo.data.from_arrays(images), factors=FactorGrid(("a", "b"), (6, 8)))
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
settings = {"steps": 20, "batch_size": 12, "seed": 5, "log_every": 10, "checkpoint_every": 20}

# Two replicas are one device on the same global batch: its images, its noise, what a loss takes from all of it, and
# BatchNorm.
categorical = {"latents": {"gaussian": 3, "categorical": [4]}, "regularizer": vaezoo.VAT(1.0, "neighbour")}
normalised = {"network": {**SMALL, "encoder": {"hidden": (16,), "batch_norm": True}}}
options = {name: categorical for name in ("joint_vae", "info_vae", "wae_mmd")}
for name in vaezoo.MODELS:
    chosen = {**categorical, **normalised} if name == "imae" else options.get(name, {})
    alone = small_model(name, **chosen)
    with strategy.scope():
        both = small_model(name, **{**chosen, "jit_compile": "auto"})
    assert not both.jit_compile
    before = weights_of(both.encoder)
    folder = Path(sys.argv[1], name)
    rows = [Run(folder / str(i), {}).fit(model, data, **settings) for i, model in enumerate((alone, both))]
    for variable, a, b in zip(both.variables, weights_of(alone), weights_of(both)):
        atol = 2e-5 if name == "imae" else 2e-6
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=atol, err_msg=f"{name} {variable.path}")
    assert max(np.abs(a - c).max() for a, c in zip(weights_of(both.encoder), before)) > 0.1
    for one, other in zip(*rows):
        for term in one:
            np.testing.assert_allclose(one[term], other[term], rtol=1e-4, atol=1e-6, err_msg=f"{name} {term}")
    assert both.step.numpy() == both.optimizer.iterations.numpy() == 20

# Keras's own fit: of batches that divide.
with strategy.scope():
    model = small_model("nonsyn")
uncounted = tf.data.Dataset.from_tensor_slices(images).filter(lambda x: True).batch(8)
assert uncounted.cardinality() == tf.data.UNKNOWN_CARDINALITY
history = model.fit(uncounted, verbose=0)
assert np.isfinite(history.history["loss"]).all()
assert model.step.numpy() == model.optimizer.iterations.numpy() == 6
ninths = tf.data.Dataset.from_tensor_slices(images).batch(9)
refused = {"Batch 1 of the data: expected a multiple of 2": ninths, "a multiple of 2, the replicas": images[:15]}
for message, x in refused.items():
    try:
        model.fit(x, verbose=0)
    except ValueError as error:
        assert message in str(error), error
    else:
        raise AssertionError(message)
print("passed")
"""


@pytest.mark.slow
def test_two_replicas_are_one_device_on_the_global_batch(tmp_path):
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tests, env=environment)
    assert done.returncode == 0 and "passed" in done.stdout, done.stderr[-3000:]
