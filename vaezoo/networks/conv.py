"""The convolutional encoder and decoder of FactorVAE and of the Non-Syn VAE (section 7.2), for any image size."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from vaezoo.networks.initializers import kernel_initializers
from vaezoo.networks.pixel_head import PixelHead

ENCODER_FILTERS = (32, 32, 64, 64)
DECODER_FILTERS = (64, 32, 32)


def conv_encoder(
    image_shape: Sequence[int],
    outputs: int,
    *,
    filters: Sequence[int] = ENCODER_FILTERS,
    width: int = 128,
    seed: int | None = None,
) -> keras.Model:
    """Builds a convolutional encoder, images [B, H, W, C] -> [B, outputs].

    Its layers are one 4x4 convolution of stride 2 with ReLU for each of `filters`, then fully connected layers of
    `width` and of `outputs` units, both linear: the paper's table gives the layer of 128 units no activation. Each
    convolution halves the sides, rounding up.

    Args:
        image_shape: (H, W, C) in pixels; H and W larger than 2^(n - 1) for n convolutions.
        outputs: the length of the output.
        filters: the number of filters of each convolution.
        width: units of the fully connected layer before the last.
        seed: of the initial weights; by default they differ each time.

    Raises:
        ValueError: if `image_shape` is not a shape of images, or a side is too small for the convolutions.

    References:
        Kim & Mnih 2018, "Disentangling by Factorising", appendix A.
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
    image_shape: Sequence[int],
    inputs: int,
    *,
    filters: Sequence[int] = DECODER_FILTERS,
    width: int = 128,
    seed: int | None = None,
) -> keras.Model:
    """Builds a convolutional decoder, codes [B, inputs] -> [B, H, W, C], logits or means in the compute dtype.

    It mirrors `conv_encoder`: two fully connected layers with ReLU, one 4x4 transposed convolution of stride 2 with
    ReLU for each of `filters`, and a linear one to C channels. Where the encoder rounds a side up, the surplus row or
    column is cropped.

    Args:
        image_shape: (H, W, C) in pixels; H and W larger than 2^n for n `filters`.
        inputs: the length of a code.
        filters: the number of filters of each transposed convolution but the last.
        width: units of the first fully connected layer.
        seed: of the initial weights; by default they differ each time.

    Raises:
        ValueError: if `image_shape` is not a shape of images, or a side is too small for the convolutions.

    References:
        Kim & Mnih 2018, "Disentangling by Factorising", appendix A.
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
    x = upsample(x, sides[0], image_shape[-1], layer=PixelHead, kernel_initializer=next(kernels), name="head")
    return keras.Model(code, x, name="decoder")


def upsample(
    x: keras.KerasTensor,
    target: tuple[int, int],
    channels: int,
    *,
    layer: type[layers.Conv2DTranspose] = layers.Conv2DTranspose,
    **options,
) -> keras.KerasTensor:
    """Doubles the sides of [B, h, w, c] by a transposed convolution and crops them to `target`.

    Args:
        x: [B, h, w, c].
        target: the new sides, 2h or 2h - 1 and 2w or 2w - 1.
        channels: the number of filters.
        layer: the class of the transposed convolution.
        **options: of `keras.layers.Conv2DTranspose`.

    Returns:
        [B, *target, channels].
    """
    _, h, w, _ = x.shape
    x = layer(channels, 4, strides=2, padding="same", **options)(x)
    surplus = (2 * h - target[0], 2 * w - target[1])
    return layers.Cropping2D(((0, surplus[0]), (0, surplus[1])))(x) if any(surplus) else x


def sides_along(image_shape: Sequence[int], strides: int) -> list[tuple[int, int]]:
    """Returns (H, W) of an image and after each convolution of stride 2.

    Args:
        image_shape: (H, W, C) in pixels.
        strides: the number of convolutions.

    Raises:
        ValueError: if `image_shape` is not a shape of images, or a side is too small for the convolutions.
    """
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(f"Expected an image shape (height, width, channels). Received: {tuple(image_shape)}")
    *sides, _ = image_shape
    if min(sides) <= 2 ** (strides - 1):
        raise ValueError(
            f"{strides} convolutions of stride 2 need sides larger than {2 ** (strides - 1)} pixels. "
            f"Received image_shape={tuple(image_shape)}: give fewer `filters`, or use the MLP pair."
        )
    # -(-a // b) rounds up, as "same" padding does.
    return [tuple(-(-side // 2**n) for side in sides) for n in range(strides + 1)]
