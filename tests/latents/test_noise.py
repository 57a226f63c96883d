import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from vaezoo.latents import noise

KEY = tf.constant([11, 5])
DRAWS = [noise.open_uniform, noise.standard_normal, noise.gumbel]


@pytest.mark.parametrize("draw", DRAWS)
def test_eager_graph_and_xla_draw_the_same(draw):
    eager = draw(KEY, [1000]).numpy()
    for jit in (False, True):
        compiled = tf.function(lambda key: draw(key, [1000]), jit_compile=jit)(KEY)
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)


def test_uniforms_are_the_same_to_the_bit():
    compiled = tf.function(lambda key: noise.open_uniform(key, [10_000]), jit_compile=True)
    np.testing.assert_array_equal(compiled(KEY), noise.open_uniform(KEY, [10_000]))


@pytest.mark.parametrize(
    ("draw", "law"),
    [(noise.open_uniform, stats.uniform), (noise.standard_normal, stats.norm), (noise.gumbel, stats.gumbel_r)],
)
def test_law(draw, law):
    n = 200_000
    sample = draw(KEY, [n]).numpy().astype("float64")
    mean, var, _, kurtosis = law.stats(moments="mvsk")
    assert abs(sample.mean() - mean) < 4 * np.sqrt(var / n)
    assert abs(sample.var() - var) < 4 * var * np.sqrt((kurtosis + 2) / n)
    assert stats.kstest(sample, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("bits", [0, 2**32 - 1])
def test_the_ends_of_the_grid_are_finite(monkeypatch, bits):
    monkeypatch.setattr(
        tf.random, "stateless_uniform", lambda shape, *_, **__: tf.fill(shape, tf.constant(bits, tf.uint32))
    )
    u = noise.open_uniform(KEY, [1]).numpy()
    assert 0.0 < u < 1.0
    assert 5.0 < abs(noise.standard_normal(KEY, [1]).numpy()) < 5.5
    assert np.isfinite(noise.gumbel(KEY, [1])).all()


def test_keys_are_independent():
    n = 50_000
    keys = [KEY, *(noise.fold(KEY, i) for i in range(4)), noise.fold(tf.constant([11, 6]), 0)]
    draws = np.array([noise.standard_normal(key, [n]) for key in keys])
    correlation = np.corrcoef(draws) - np.eye(len(keys))
    assert np.abs(correlation).max() < 4.5 / np.sqrt(n)


def test_fold_is_a_function_of_key_and_data():
    np.testing.assert_array_equal(noise.fold(KEY, 3), noise.fold(KEY, 3))
    folded = {tuple(noise.fold(tf.constant([a, b]), i).numpy()) for a in range(4) for b in range(4) for i in range(8)}
    assert len(folded) == 4 * 4 * 8
    assert noise.fold(KEY, 3).dtype == tf.int32
    compiled = tf.function(lambda step: noise.fold(KEY, step), jit_compile=True)
    np.testing.assert_array_equal(compiled(tf.constant(3)), noise.fold(KEY, 3))
