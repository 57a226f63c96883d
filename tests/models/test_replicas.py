"""Data parallelism, in a process with two logical devices."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from small import small_model, weights_of

rng = np.random.default_rng(0)
images = (rng.random((16, 8, 8, 1)) > 0.5).astype("float32")
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

# An objective without noise, a mean over images: two halves on two replicas are one batch on one device.
alone = small_model("nonsyn", policy="per_example", omega=0.1)
alone.compile(keras.optimizers.SGD(0.1))
alone.apply_gradient_step(alone.synergy, tf.constant(images), alone.encoder.trainable_variables, update=1)
with strategy.scope():
    both = small_model("nonsyn", policy="per_example", omega=0.1)
    both.compile(keras.optimizers.SGD(0.1))
    both.optimizer.build(both.trainable_variables)
before = weights_of(both)
halves = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(images[8 * context.replica_id_in_sync_group :][:8]))
strategy.run(lambda x: both.apply_gradient_step(both.synergy, x, both.encoder.trainable_variables, update=1), (halves,))
for a, b, c in zip(weights_of(both), weights_of(alone), before):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
assert any((a != c).any() for a, c in zip(weights_of(both), before))

keys = strategy.run(lambda: both.key(both.step, 0))
one, other = (key.numpy().tolist() for key in strategy.experimental_local_results(keys))
assert one != other

for name in ("vae", "nonsyn", "factor_vae", "imae"):
    with strategy.scope():
        model = small_model(name, jit_compile="auto")
    assert not model.jit_compile
    history = model.fit(tf.data.Dataset.from_tensor_slices(images).batch(8), epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.step.numpy() == 4, model.step.numpy()
    uncounted = tf.data.Dataset.from_tensor_slices(images).filter(lambda x: True).batch(8)
    assert uncounted.cardinality() == tf.data.UNKNOWN_CARDINALITY
    model.fit(uncounted, verbose=0)
    assert model.step.numpy() == model.optimizer.iterations.numpy() == 6
print("passed")
"""


@pytest.mark.slow
def test_two_replicas_are_one_larger_batch_with_noise_of_their_own():
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tests, env=environment)
    assert done.returncode == 0 and "passed" in done.stdout, done.stderr[-3000:]
