"""FactorVAE's discriminator."""

from __future__ import annotations

import keras
from keras import layers

from vaezoo.networks.initializers import kernel_initializers


def discriminator(inputs: int, *, width: int = 1000, depth: int = 6, seed: int | None = None) -> keras.Model:
    """Codes [B, inputs] -> logits [B, 2]: `depth` FC layers of `width` units (leaky ReLU 0.2), FC 2.

    Class 0 is "a sample of q(z)", class 1 "a sample of the product of its marginals", so that
    log D(z) - log(1 - D(z)) = logits[:, 0] - logits[:, 1] (Kim & Mnih 2018, appendix A). `seed` fixes the
    initial weights.
    """
    kernels = kernel_initializers("discriminator", seed)
    x = code = keras.Input((inputs,), name="code")
    for _ in range(depth):
        x = layers.Dense(width, kernel_initializer=next(kernels))(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.Dense(2, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(code, x, name="discriminator")
