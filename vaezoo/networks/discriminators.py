"""The discriminator of FactorVAE."""

from __future__ import annotations

import keras
from keras import layers

from vaezoo.networks.initializers import kernel_initializers


def discriminator(inputs: int, *, width: int = 1000, depth: int = 6, seed: int | None = None) -> keras.Model:
    """Builds a multi-layer perceptron, codes [B, inputs] -> logits [B, 2].

    Class 0 is "a sample of q(z)" and class 1 "a sample of the product of its marginals", so that
    log D(z) - log(1 - D(z)) = logits[:, 0] - logits[:, 1]. The hidden layers have leaky ReLUs of slope 0.2.

    Args:
        inputs: the length of z.
        width: units of each hidden layer.
        depth: the number of hidden layers.
        seed: of the initial weights; by default they differ each time.

    References:
        Kim & Mnih 2018, "Disentangling by Factorising", appendix A.
    """
    kernels = kernel_initializers("discriminator", seed)
    x = code = keras.Input((inputs,), name="code")
    for _ in range(depth):
        x = layers.Dense(width, kernel_initializer=next(kernels))(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.Dense(2, dtype="float32", kernel_initializer=next(kernels), name="head")(x)
    return keras.Model(code, x, name="discriminator")
