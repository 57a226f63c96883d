"""Models on two logical devices and on one: functions for a process in which TensorFlow has done nothing so far."""

import dataclasses
import json

import numpy as np
import tensorflow as tf
from small import small_model, weights_of

import vaezoo
from vaezoo.data import FactorGrid
from vaezoo.terms import aggregate_posteriors
from vaezoo.training import Run

B = 12  # images of a global batch
SETTINGS = {"steps": 20, "batch_size": B, "seed": 5, "log_every": 10, "checkpoint_every": 20}
GRID = FactorGrid(("a", "b"), (6, 8))
ROWS, COLUMNS = (classes[:, None, None] for classes in GRID.classes(np.arange(48)).T)
RECTANGLES = ((np.arange(8)[:, None] <= ROWS + 1) & (np.arange(8) <= COLUMNS))[..., None]
FLIPPED = np.random.default_rng(1).random(RECTANGLES.shape) < 0.2  # BatchNorm leaves no gradient at constant pixels
IMAGES = (RECTANGLES ^ FLIPPED).astype("float32")
CONV = {"kind": "conv", "encoder": {"filters": (4,), "width": 8}, "decoder": {"filters": (4,), "width": 8}}
LINEAR = {"kind": "mlp", "encoder": {"hidden": (), "batch_norm": False}, "decoder": {"hidden": ()}}
NORMALISED = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": True}, "decoder": {"hidden": ()}}
CATEGORICAL = {"latents": {"gaussian": 3, "categorical": [4]}, "regularizer": vaezoo.VAT(1.0, "neighbour")}
OPTIONS = {
    **dict.fromkeys(("info_vae", "wae_mmd"), CATEGORICAL),
    # Capacities between the KL of a replica's images and that of all: only the latter has the right sign.
    "annealed_vae": {"c_max": 22.0, "c_steps": 1},
    "joint_vae": {**CATEGORICAL, "z_capacity": 20.0, "z_steps": 1, "y_capacity": 0.55, "y_steps": 1},
    "imae": {**CATEGORICAL, "network": NORMALISED},
    "beta_tcvae": {"estimator": "mss"},
    "nonsyn": {"omega": 0.5},  # another W on each replica
    "vae": {"network": CONV},
}
COMPARED = [(name, OPTIONS.get(name, {}), 1e-5) for name in vaezoo.MODELS]
COMPARED += [("vae", {"network": CONV, "precision": "bfloat16"}, 3e-2)]
COMPARED += [("imae", {"network": NORMALISED, **CATEGORICAL, "precision": "bfloat16"}, 3e-2)]
TRAINED = {
    **dict.fromkeys(("nonsyn", "factor_vae", "ada_gvae"), {"network": LINEAR}),
    "beta_tcvae": {"estimator": "mss", "network": NORMALISED},
}


def two_devices():
    """A strategy of two replicas on this machine's CPUs."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # slower than the few steps here
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def pair(name, strategy, **options):
    """Equal models, on one device and on those of a strategy."""
    alone = small_model(name, **options)
    with strategy.scope():
        both = small_model(name, **{**options, "jit_compile": "auto"})
    assert not both.jit_compile
    return alone, both


def compare_gradients(block):
    """Two replicas' terms and gradients are those of one device on the global batch.

    They compute the aggregate posterior of `block` of their 6 rows at a time.
    """
    strategy, whole = two_devices(), aggregate_posteriors.BLOCK
    x = IMAGES[np.random.default_rng(0).permutation(48)[:B]]
    x = x[np.argsort(x.sum(axis=(1, 2, 3)))]  # so that the replicas' images differ
    for name, options, tolerance in COMPARED:
        alone, both = pair(name, strategy, **options)
        for model in (alone, both):
            model.step.assign(7)
            for variable in model.encoder.trainable_variables:
                variable.assign(2 * variable.numpy())  # or the codes tell next to nothing
        batch = tf.nest.map_structure(tf.constant, (x, x[::-1]) if isinstance(alone.element_spec, tuple) else x)
        aggregate_posteriors.BLOCK = whole
        one = terms_and_gradients(alone, batch, 1)
        aggregate_posteriors.BLOCK = block * B * 3

        def rows_of(context, batch=batch):
            first = context.replica_id_in_sync_group * B // 2
            return tf.nest.map_structure(lambda x: x[first : first + B // 2], batch)

        parts = strategy.experimental_distribute_values_from_function(rows_of)
        results = strategy.run(terms_and_gradients, (both, parts, 2))
        two = strategy.reduce(tf.distribute.ReduceOp.SUM, results, axis=None)
        for term, value in one[0].items():
            np.testing.assert_allclose(two[0][term], value, rtol=tolerance, atol=tolerance, err_msg=f"{name} {term}")
        for variable, a, b in zip(both.trainable_variables, one[1], two[1], strict=True):
            scale = np.abs(a).max()
            assert scale > 1e-4, (name, variable.path)
            np.testing.assert_allclose(b / scale, a / scale, rtol=0, atol=tolerance, err_msg=f"{name} {variable.path}")


def compare_trainings(folder, block):
    """Trainings on two replicas are those on one device: the models with steps of their own, pairs, BatchNorm."""
    strategy, whole = two_devices(), aggregate_posteriors.BLOCK
    data = dataclasses.replace(vaezoo.data.from_arrays(IMAGES), factors=GRID)
    np.save(folder / "images.npy", IMAGES.astype("uint8"))
    streamed = dataclasses.replace(vaezoo.data.load(folder / "images.npy", streamed=True), factors=GRID)
    for name, options in TRAINED.items():
        alone, both = pair(name, strategy, **options)
        before = weights_of(both.encoder)
        aggregate_posteriors.BLOCK = whole
        one = Run(folder / name / "alone", {}).fit(alone, data, **SETTINGS)
        aggregate_posteriors.BLOCK = block * B * 3
        two = Run(folder / name / "both", {}).fit(both, streamed if name == "beta_tcvae" else data, **SETTINGS)
        for variable, a, b in zip(both.variables, weights_of(alone), weights_of(both), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6, err_msg=f"{name} {variable.path}")
        assert max(np.abs(a - c).max() for a, c in zip(weights_of(both.encoder), before, strict=True)) > 0.1
        for row, expected in zip(two, one, strict=True):
            for term, value in expected.items():
                np.testing.assert_allclose(row[term], value, rtol=1e-4, atol=1e-6, err_msg=f"{name} {term}")
        assert json.loads((folder / name / "both" / "config.json").read_text())["replicas"] == 2
        assert both.step.numpy() == both.optimizer.iterations.numpy() == 20


def fit_by_keras():
    """Keras's own `fit` counts steps and means, and refuses batches that do not divide."""
    with two_devices().scope():
        model = small_model("vae")
    uncounted = tf.data.Dataset.from_tensor_slices(IMAGES).filter(lambda x: True).batch(8)
    assert uncounted.cardinality() == tf.data.UNKNOWN_CARDINALITY
    history = model.fit(uncounted, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.step.numpy() == model.optimizer.iterations.numpy() == 6
    ninths = tf.data.Dataset.from_tensor_slices(IMAGES).batch(9)
    refused = {"Batch 1 of the data: expected a multiple of 2": ninths, "a multiple of 2, the replicas": IMAGES[:15]}
    for message, x in refused.items():
        try:
            model.fit(x, verbose=0)
        except ValueError as error:
            assert message in str(error), error
        else:
            raise AssertionError(message)


def terms_and_gradients(model, batch, replicas):
    """The parts of a batch in the means of all terms and in the gradient of the loss."""
    with tf.GradientTape() as tape:
        terms = model.regularized(model.objective)(model.prepare_batch(batch), model.key(model.step, 0), training=True)
        loss = tf.reduce_mean(terms["loss"]) / replicas
    means = {term: tf.reduce_mean(value) / replicas for term, value in terms.items()}
    return means, tape.gradient(loss, model.trainable_variables)
