"""The multi-layer perceptrons of the IMAE paper (Tables 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
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
    """Images [B, H, W, C] -> [B, outputs]: FC layers of `hidden` units (BatchNorm if asked, ReLU), FC `outputs`.

    The defaults are IMAE's Table 1, its "2 x 500" read as one layer of 1000; Table 2 (dSprites) is
    hidden=(1200, 1200, 2400), batch_norm=False. `seed` fixes the initial weights.
    """
    kernels = kernel_initializers("encoder", seed)
    image = keras.Input(tuple(image_shape), name="image")
    x = layers.Flatten()(image)
    for units in hidden:
        x = layers.Dense(units, use_bias=not batch_norm, kernel_initializer=next(kernels))(x)
        if batch_norm:
            x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    x = layers.Dense(outputs, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(image, x, name="encoder")


def mlp_decoder(
    image_shape: Sequence[int], inputs: int, *, hidden: Sequence[int] = (500, 500), seed: int | None = None
) -> keras.Model:
    """Codes [B, inputs] -> [B, H, W, C] (logits or means): FC layers of `hidden` units (ReLU), FC H*W*C.

    The defaults are IMAE's Table 1; Table 2 (dSprites) is hidden=(1200, 1200, 1200).
    """
    kernels = kernel_initializers("decoder", seed)
    x = code = keras.Input((inputs,), name="code")
    for units in hidden:
        x = layers.Dense(units, activation="relu", kernel_initializer=next(kernels))(x)
    pixels = math.prod(image_shape)
    x = layers.Dense(pixels, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(code, layers.Reshape(tuple(image_shape), dtype="float32")(x), name="decoder")
