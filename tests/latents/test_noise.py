import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from vaezoo.latents import noise

KEY = tf.constant([11, 5])
DRAWS = [noise.open_uniform, noise.standard_normal, noise.gumbel]


@pytest.mark.parametrize(
    ("key", "counter", "bits"),
    [  # test vectors of the authors' Random123
        ([0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([-1, -1], [2**64 - 1, 2**64 - 1], [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0xA4093822 - 2**32, 0x299F31D0],
            [0x85A308D3_243F6A88, 0x03707344_13198A2E],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
@pytest.mark.parametrize("jit", [None, False, True])
def test_the_bits_are_those_of_philox(key, counter, bits, jit):
    draw = lambda key, counter: noise.philox(key, counter, [4])  # noqa: E731
    draw = draw if jit is None else tf.function(draw, jit_compile=jit)
    np.testing.assert_array_equal(draw(tf.constant(key), tf.constant(counter, tf.uint64)), bits)


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
    monkeypatch.setattr(noise, "philox", lambda key, counter, shape: tf.fill(shape, tf.constant(bits, tf.uint32)))
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
    for data in (3, -2, 2**31 - 1):
        np.testing.assert_array_equal(compiled(tf.constant(data)), noise.fold(KEY, data))
    drawn = noise.philox(KEY, tf.zeros([2], tf.uint64), [1000]).numpy()
    assert not {*noise.fold(KEY, 0).numpy().view("uint32")} & {*drawn}


@pytest.mark.parametrize("shape, replicas", [([3, 5], 2), ([2, 7, 3], 3), ([1, 1], 5)])
def test_the_rows_of_all_replicas_are_those_of_one_device(shape, replicas, monkeypatch):
    whole = noise.standard_normal(KEY, [replicas * shape[0], *shape[1:]])
    monkeypatch.setattr("vaezoo.replicas.count", lambda: replicas)
    rows = []
    for index in range(replicas):
        monkeypatch.setattr("vaezoo.replicas.index", lambda index=index: tf.constant(index))
        rows.append(noise.standard_normal(KEY, shape))
    np.testing.assert_array_equal(tf.concat(rows, axis=0), whole)
    assert len(np.unique(whole)) == whole.numpy().size


def test_permuted_columns_keep_their_values_and_lose_their_company():
    rng = np.random.default_rng(0)
    first = rng.normal(size=5000).astype(np.float32)
    z = np.stack([first, first, -first], axis=1)
    p = noise.permuted(tf.constant(z), KEY).numpy()
    np.testing.assert_array_equal(np.sort(p, axis=0), np.sort(z, axis=0))
    correlation = np.corrcoef(p.T) - np.eye(3)
    assert np.abs(correlation).max() < 4 / np.sqrt(5000)
