"""The convolutional pair of the Non-Syn VAE paper (7.2) and of FactorVAE, for any image size."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from vaezoo.networks.initializers import kernel_initializers

ENCODER_FILTERS = (32, 32, 64, 64)
DECODER_FILTERS = (64, 32, 32)


def conv_encoder(
    image_shape: Sequence[int], outputs: int, *, filters=ENCODER_FILTERS, width=128, seed: int | None = None
) -> keras.Model:
    """Images [B, H, W, C] -> [B, outputs]: 4x4 convolutions of stride 2 (ReLU), FC `width`, FC `outputs`.

    The paper's table gives the FC 128 no activation. Each convolution halves the sides, rounding up; every side
    must be larger than 2^(n - 1) for n convolutions, or ValueError. `seed` fixes the initial weights.
    """
    sides_along(image_shape, len(filters))
    kernels = kernel_initializers("encoder", seed)
    x = image = keras.Input(tuple(image_shape), name="image")
    for channels in filters:
        x = layers.Conv2D(channels, 4, strides=2, padding="same", activation="relu", kernel_initializer=next(kernels))(
            x
        )
    x = layers.Flatten()(x)
    x = layers.Dense(width, kernel_initializer=next(kernels))(x)
    x = layers.Dense(outputs, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(image, x, name="encoder")


def conv_decoder(
    image_shape: Sequence[int], inputs: int, *, filters=DECODER_FILTERS, width=128, seed: int | None = None
) -> keras.Model:
    """Codes [B, inputs] -> [B, H, W, C] (logits or means): FC, FC, 4x4 transposed convolutions of stride 2.

    The mirror of `conv_encoder`: where it rounded a side up, the surplus row or column is cropped.
    """
    sides = sides_along(image_shape, len(filters) + 1)
    kernels = kernel_initializers("decoder", seed)
    (height, width_), channels = sides[-1], filters[0]
    x = code = keras.Input((inputs,), name="code")
    x = layers.Dense(width, activation="relu", kernel_initializer=next(kernels))(x)
    x = layers.Dense(height * width_ * channels, activation="relu", kernel_initializer=next(kernels))(x)
    x = layers.Reshape((height, width_, channels))(x)
    for target, channels in zip(reversed(sides[1:-1]), filters, strict=True):
        x = upsample(x, target, channels, activation="relu", kernel_initializer=next(kernels))
    x = upsample(x, sides[0], image_shape[-1], dtype="float32", kernel_initializer=next(kernels), name="head")
    return keras.Model(code, x, name="decoder")


def upsample(x, target: tuple[int, int], channels: int, **options):
    """Double the sides of [B, h, w, c] and crop to `target`, which is 2h or 2h - 1 by 2w or 2w - 1."""
    _, h, w, _ = x.shape
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", **options)(x)
    surplus = (2 * h - target[0], 2 * w - target[1])
    return layers.Cropping2D(((0, surplus[0]), (0, surplus[1])))(x) if any(surplus) else x


def sides_along(image_shape: Sequence[int], strides: int) -> list[tuple[int, int]]:
    """(H, W) of an image and after each halving. Raises ValueError where a side is too small for them."""
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(f"Expected an image shape (height, width, channels). Received: {tuple(image_shape)}")
    *sides, _ = image_shape
    if min(sides) <= 2 ** (strides - 1):
        raise ValueError(
            f"{strides} convolutions of stride 2 need sides larger than {2 ** (strides - 1)} pixels. "
            f"Received image_shape={tuple(image_shape)}: give fewer `filters`, or use the MLP pair."
        )
    # -(-a // b) rounds up, as 'same' padding does
    return [tuple(-(-side // 2**n) for side in sides) for n in range(strides + 1)]
