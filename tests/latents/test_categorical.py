import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from vaezoo.latents.categorical import most_probable, one_hot_categorical, relaxed

tfd = tfp.distributions
KEY = tf.constant([4, 1])
LOGITS = tf.constant([1.0, -0.5, 0.3, 4.0]) + 7.0  # not normalised
N = 20_000


def sample(temperature, key=KEY):
    return relaxed(key, tf.tile(LOGITS[None], [N, 1]), temperature).numpy()


@pytest.mark.parametrize("temperature", [0.3, 0.67, 2.0])
def test_relaxed_samples_have_tfps_law(temperature):
    tfps = tfd.RelaxedOneHotCategorical(temperature, logits=LOGITS).sample(N, seed=KEY).numpy()
    ours = sample(temperature)
    for c in range(4):
        # log-ratios keep the digits of the classes that are close to 0
        ours_c, tfps_c = (np.log(y[:, c] + 1e-30) - np.log(y[:, c - 1] + 1e-30) for y in (ours, tfps))
        assert stats.ks_2samp(ours_c, tfps_c).pvalue > 1e-3
        error = np.hypot(ours[:, c].std(), tfps[:, c].std()) / np.sqrt(N)
        assert abs(ours[:, c].mean() - tfps[:, c].mean()) < 4 * error


def test_relaxed_samples_are_on_the_simplex():
    y = sample(0.67)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_the_largest_component_follows_q_at_any_temperature(temperature):
    counts = np.bincount(sample(temperature).argmax(-1), minlength=4)
    q = np.exp(LOGITS.numpy().astype("float64"))
    assert stats.chisquare(counts, N * q / q.sum()).pvalue > 1e-3


def test_temperature_sharpens():
    peaks = [sample(temperature).max(-1).mean() for temperature in (5.0, 1.0, 0.1, 0.01)]
    assert peaks == sorted(peaks) and peaks[0] < 0.5 and peaks[-1] > 0.98


def test_gradients_reach_the_logits():
    logits = tf.constant([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        y = relaxed(KEY, logits, 0.67)
        first = y[:, 0]
    gradient, y = tape.gradient(first, logits).numpy(), y.numpy()
    # the softmax's own Jacobian: y_0 (1[c = 0] - y_c) / tau; the noise and the normalisation are constants
    np.testing.assert_allclose(gradient, y[:, :1] * (np.eye(3)[:1] - y) / 0.67, rtol=1e-3, atol=1e-6)
    assert np.abs(gradient).max() > 1e-2


def test_extreme_logits_stay_finite():
    logits = tf.constant([[1e4, -1e4, 0.0]])
    for temperature in (0.01, 0.67):
        np.testing.assert_allclose(relaxed(KEY, logits, temperature), [[1.0, 0.0, 0.0]])


def test_most_probable_is_one_hot():
    logits = tf.constant([[0.1, 0.3, -2.0], [5.0, 0.0, 5.0]])
    y = most_probable(logits)
    assert y.dtype == tf.float32
    np.testing.assert_array_equal(y, [[0, 1, 0], [1, 0, 0]])


def test_the_exact_distribution_scores_one_hots():
    q = one_hot_categorical(tf.tile(LOGITS[None], [4, 1]))
    np.testing.assert_allclose(q.log_prob(tf.eye(4)), tf.nn.log_softmax(LOGITS), rtol=1e-5)
