"""PCA of the pixels, and independent components of an auto-encoder's codes, as models without noise.

They have the class of the zoo's models, so that all metrics and figures of means apply to them. Their log-variances are
`LOG_VAR`, and their beta is 0: the KL has no meaning, and neither have the metrics of posteriors and samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from vaezoo import LatentSpec
from vaezoo.extras import extra
from vaezoo.models import BetaVAE
from vaezoo.networks import NETWORKS

LOG_VAR = -20.0  # a standard deviation of 5e-5


def pca(images: np.ndarray, components: int, *, seed: int) -> BetaVAE:
    """Fits principal components of the pixels: the encoder projects on them, the decoder is its transpose.

    Args:
        images: float32 [N, H, W, C] to fit, N >= `components`.
        components: number of latents, by descending variance.
        seed: of scikit-learn's randomised decomposition.
    """
    with extra("metrics"):
        from sklearn.decomposition import PCA

    shape = images.shape[1:]
    fitted = PCA(components, random_state=seed).fit(images.reshape(len(images), -1))
    W, centre = fitted.components_, fitted.mean_  # [d, pixels], [pixels]
    image, code = keras.Input(shape, name="image"), keras.Input((components,), name="code")
    mean = affine(layers.Flatten()(image), W.T, -W @ centre)
    pixels = layers.Reshape(shape)(affine(code, W, centre))
    return without_noise(image, mean, code, pixels, likelihood="gaussian")


def autoencoder(image_shape: Sequence[int], latents: int, *, network: str, seed: int) -> BetaVAE:
    """Builds an auto-encoder of a pair of the zoo's networks, with a Bernoulli likelihood, that is not trained yet.

    Args:
        image_shape: (H, W, C) in pixels.
        latents: number of latents.
        network: "conv" or "mlp".
        seed: of the initial weights.
    """
    encoder, decoder = (build(image_shape, latents, seed=seed) for build in NETWORKS[network])
    return without_noise(encoder.input, encoder.output, decoder.input, decoder.output, seed=seed)


def with_ica(model: BetaVAE, images: np.ndarray, *, seed: int) -> BetaVAE:
    """Replaces the codes of a model by their independent components, of variance 1, by scikit-learn's FastICA.

    The reconstructions stay the same, because the decoder mixes the components again.

    Args:
        model: an auto-encoder.
        images: float32 [N, H, W, C] to fit.
        seed: of FastICA's start.
    """
    with extra("metrics"):
        from sklearn.decomposition import FastICA

    codes = model.predict(images, verbose=0)
    fitted = FastICA(whiten="unit-variance", max_iter=1000, random_state=seed).fit(codes)
    W, mixing, centre = fitted.components_, fitted.mixing_, fitted.mean_  # [d, d], [d, d], [d]
    image, code = keras.Input(model.image_shape, name="image"), keras.Input(centre.shape, name="code")
    mean = affine(model.encoder(image)[:, : len(centre)], W.T, -W @ centre)
    pixels = model.decoder(affine(code, mixing.T, centre))
    return without_noise(image, mean, code, pixels, likelihood=model.likelihood)


def affine(x: keras.KerasTensor, kernel: np.ndarray, bias: np.ndarray) -> keras.KerasTensor:
    """Applies x @ kernel + bias."""
    layer = layers.Dense(len(bias))
    y = layer(x)
    layer.set_weights([kernel, bias])
    return y


def without_noise(
    image: keras.KerasTensor, mean: keras.KerasTensor, code: keras.KerasTensor, pixels: keras.KerasTensor, **options
) -> BetaVAE:
    """Makes a model of an encoder, image -> mean, and a decoder, code -> pixels. The options are those of `BaseVAE`."""
    log_var = layers.Rescaling(0.0, offset=LOG_VAR)(mean)
    encoder = keras.Model(image, [mean, log_var], name="encoder")
    decoder = keras.Model(code, pixels, name="decoder")
    return BetaVAE(encoder, decoder, latents=LatentSpec(code.shape[-1]), beta=0.0, **options)
