"""What the tests of models share: the widest models there are, and losses with their gradients side by side."""

import numpy as np
import tensorflow as tf
from small import small_model

import vaezoo

MODES = {"graph": {"jit_compile": False}, "jit": {"jit_compile": True}, "eager": {"run_eagerly": True}}
PRECISIONS = ["float32", "bfloat16"]
GAUSSIAN, HYBRID = {"gaussian": 3}, {"gaussian": 3, "categorical": (4, 3)}
NORMALISED = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": True}, "decoder": {"hidden": (16,)}}
TAKE_HYBRID = [name for name in vaezoo.MODELS if name not in ("nonsyn", "ada_gvae")]
KEY = tf.constant([1, 2])


def wide_model(name, **options):
    """A small model with BatchNorm and, where it takes them, two categorical latents and VAT."""
    hybrid = {"latents": HYBRID, "regularizer": {"weight": 10.0 if name == "imae" else 2.0}}
    hybrid = hybrid if name in TAKE_HYBRID else {}
    return small_model(name, **{"network": NORMALISED, **hybrid, **options})


def recompile(model, **options):
    model.compile(vaezoo.Adam.from_config(model.optimizer.get_config()), **options)
    return model


def statistics(model):
    """Of the encoder's BatchNorm."""
    return [variable.numpy() for variable in model.encoder.non_trainable_variables]


def objective(model, x, key=KEY):
    """The loss [B] of a model in training."""
    return model.objective(x, key, training=True)["loss"]


def assert_same(model, loss, other_model, other_loss, **tolerance):
    """Two losses, as functions of models, have equal values and equal gradients of their means."""
    values, gradients = zip(*(with_gradient(*side) for side in ((model, loss), (other_model, other_loss))), strict=True)
    tolerance = {"rtol": 1e-5, "atol": 1e-5, **tolerance}
    np.testing.assert_allclose(*np.broadcast_arrays(*values), **tolerance)
    assert any(np.any(g) for g in gradients[0])
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def with_gradient(model, loss):
    variables = [*model.encoder.trainable_variables, *model.decoder.trainable_variables]
    with tf.GradientTape() as tape:
        value = loss(model)
        mean = tf.reduce_mean(value)
    return value, tape.gradient(mean, variables)
