import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.terms import reconstruction

tfd = tfp.distributions
SHAPE = (6, 4, 5, 3)


def bernoulli(logits):
    """Builds the likelihood as models do; with tfp's default dtype, int32, grey pixels in an array would become 0."""
    return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float32), reinterpreted_batch_ndims=3)


def test_bernoulli_is_the_summed_cross_entropy():
    rng = np.random.default_rng(0)
    logits, x = rng.normal(0, 2, SHAPE).astype("float32"), rng.uniform(size=SHAPE).astype("float32")
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    for image in (np.round(x), x):  # binary, and grey
        expected = -(image * np.log(p) + (1 - image) * np.log(1 - p)).sum(axis=(1, 2, 3))
        for x_ in (image, tf.constant(image)):
            np.testing.assert_allclose(reconstruction(x_, bernoulli(logits)), expected, rtol=1e-5)


def test_grey_pixels_cost_their_entropy_at_best():
    x = np.full(SHAPE, 0.25, "float32")
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) * np.prod(SHAPE[1:])

    def at(p):
        return reconstruction(x, bernoulli(tf.fill(SHAPE, float(np.log(p / (1 - p)))))).numpy()

    np.testing.assert_allclose(at(0.25), entropy, rtol=1e-5)
    assert (at(0.25) < at(0.2)).all() and (at(0.25) < at(0.3)).all()


def test_gaussian_is_the_summed_squared_error():
    rng = np.random.default_rng(1)
    mean, x, scale = rng.normal(size=SHAPE), rng.uniform(size=SHAPE), 0.3
    likelihood = tfd.Independent(tfd.Normal(mean.astype("float32"), scale), reinterpreted_batch_ndims=3)
    expected = (0.5 * ((x - mean) / scale) ** 2 + np.log(scale) + 0.5 * np.log(2 * np.pi)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(reconstruction(x.astype("float32"), likelihood), expected, rtol=1e-5)
