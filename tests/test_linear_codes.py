"""The baselines of disentanglement tables, against scikit-learn and codes with known components."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.decomposition import PCA

from experiments.linear_codes import LOG_VAR, autoencoder, pca, with_ica, without_noise
from vaezoo.encoding import encode_dataset
from vaezoo.metrics import infomec


@pytest.fixture(scope="module")
def factors():
    return np.stack(np.unravel_index(np.arange(512), (8, 8, 8)), axis=1)


def test_pca_is_scikit_learns(images):
    model = pca(images, 3, seed=0)
    flat = images.reshape(len(images), -1)
    fitted = PCA(3, svd_solver="full").fit(flat)
    q, expected = model.encode(images), fitted.transform(flat)
    signs = np.sign(np.sum(q.mu * expected, axis=0))
    np.testing.assert_allclose(q.mu * signs, expected, atol=1e-4)
    np.testing.assert_array_equal(q.log_var, np.full((48, 3), LOG_VAR))
    restored = fitted.inverse_transform(expected).reshape(images.shape)
    np.testing.assert_allclose(model.reconstruct(images), restored, atol=1e-4)


@pytest.mark.filterwarnings("ignore:FastICA did not converge")
def test_ica_whitens_the_codes_and_keeps_the_images(images):
    model = autoencoder((8, 8, 1), 4, network="mlp", seed=0)
    independent = with_ica(model, images, seed=0)
    codes = encode_dataset(independent, images).mean
    np.testing.assert_allclose(np.cov(codes.T, bias=True), np.eye(4), atol=1e-3)
    np.testing.assert_allclose(codes.mean(axis=0), np.zeros(4), atol=1e-3)
    np.testing.assert_allclose(independent.reconstruct(images), model.reconstruct(images), atol=1e-4)


def test_ica_finds_the_factors_in_a_mixture_of_them(factors):
    """An "auto-encoder" whose codes are three pixels turned into each other; the pixels are the factors."""
    x = (factors / 7).astype(np.float32).reshape(512, 1, 3, 1)
    turn = (np.eye(3) - 2 / 3).astype(np.float32)  # orthogonal
    image, code = keras.Input((1, 3, 1)), keras.Input((3,))
    encode, decode = layers.Dense(3, use_bias=False), layers.Dense(3, use_bias=False)
    mean, pixels = encode(layers.Flatten()(image)), layers.Reshape((1, 3, 1))(decode(code))
    encode.set_weights([turn]), decode.set_weights([turn.T])
    mixed = without_noise(image, mean, code, pixels, likelihood="gaussian")
    before, after = (infomec(encode_dataset(m, x).mean, factors) for m in (mixed, with_ica(mixed, x, seed=0)))
    assert before["infom"] < 0.7 and before["infoc"] < 0.7
    assert after["infom"] > 0.95 and after["infoc"] > 0.95


def test_an_autoencoder_has_no_noise_and_no_prior(images):
    """Its loss is the reconstruction alone, the same for every key of the noise."""
    model = autoencoder((8, 8, 1), 2, network="mlp", seed=0)
    terms = [model.objective(images, tf.constant([0, key]), training=False) for key in (1, 2)]
    np.testing.assert_array_equal(terms[0]["loss"], terms[0]["reconstruction"])
    np.testing.assert_allclose(terms[0]["loss"], terms[1]["loss"], rtol=1e-3)
    model.compile(keras.optimizers.AdamW(0.01, weight_decay=0.1), jit_compile=False)
    first, last = model.fit(np.tile(images, (40, 1, 1, 1)), batch_size=48, epochs=2, verbose=0).history[
        "reconstruction"
    ]
    assert last < 0.8 * first
    q = model.encode(images)
    np.testing.assert_array_equal(q.log_var, np.full((48, 2), LOG_VAR))
