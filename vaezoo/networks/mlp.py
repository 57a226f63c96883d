"""The multi-layer perceptrons of IMAE (Tables 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import layers

from vaezoo.networks.initializers import kernel_initializers


def mlp_encoder(
    image_shape: Sequence[int],
    outputs: int,
    *,
    hidden: Sequence[int] = (500, 1000),
    batch_norm: bool = True,
    seed: int | None = None,
) -> keras.Model:
    """Builds a fully connected encoder, images [B, H, W, C] -> [B, outputs].

    The defaults are IMAE's Table 1, with "2 x 500" read as one layer of 1000 units. Table 2 (dSprites) is
    `hidden=(1200, 1200, 2400), batch_norm=False`.

    Args:
        image_shape: (H, W, C) in pixels.
        outputs: the length of the output.
        hidden: units of each hidden layer, which ends in a ReLU.
        batch_norm: normalise before each ReLU; in the scope of a `tf.distribute` strategy, over all replicas.
        seed: of the initial weights; by default they differ each time.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Tables 1 and 2.
    """
    kernels = kernel_initializers("encoder", seed)
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    image = keras.Input(tuple(image_shape), name="image")
    x = layers.Flatten()(image)
    for units in hidden:
        x = layers.Dense(units, use_bias=not batch_norm, kernel_initializer=next(kernels))(x)
        if batch_norm:
            x = layers.BatchNormalization(synchronized=several)(x)
        x = layers.ReLU()(x)
    x = layers.Dense(outputs, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(image, x, name="encoder")


def mlp_decoder(
    image_shape: Sequence[int], inputs: int, *, hidden: Sequence[int] = (500, 500), seed: int | None = None
) -> keras.Model:
    """Builds a fully connected decoder, codes [B, inputs] -> [B, H, W, C], logits or means in the compute dtype.

    The defaults are IMAE's Table 1. Table 2 (dSprites) is `hidden=(1200, 1200, 1200)`.

    Args:
        image_shape: (H, W, C) in pixels.
        inputs: the length of a code.
        hidden: units of each hidden layer, which ends in a ReLU.
        seed: of the initial weights; by default they differ each time.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Tables 1 and 2.
    """
    kernels = kernel_initializers("decoder", seed)
    x = code = keras.Input((inputs,), name="code")
    for units in hidden:
        x = layers.Dense(units, activation="relu", kernel_initializer=next(kernels))(x)
    pixels = math.prod(image_shape)
    x = layers.Dense(pixels, kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(code, layers.Reshape(tuple(image_shape))(x), name="decoder")
