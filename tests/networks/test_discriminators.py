import numpy as np
import tensorflow as tf

from vaezoo.networks.discriminators import discriminator


def test_the_layers_of_kim_and_mnih():
    D = discriminator(10)
    dense = [layer for layer in D.layers if hasattr(layer, "units")]
    assert [layer.units for layer in dense] == 6 * [1000] + [2]
    assert D.count_params() == 11 * 1000 + 5 * 1001 * 1000 + 1001 * 2
    slopes = [layer.negative_slope for layer in D.layers if hasattr(layer, "negative_slope")]
    assert slopes == 6 * [0.2]


def test_it_computes_what_the_layers_say():
    D = discriminator(3, width=8, depth=2, seed=0)
    x = z = np.random.default_rng(0).normal(size=[5, 3]).astype("float32")
    *hidden, last = zip(*[iter(D.get_weights())] * 2, strict=True)
    for W, b in hidden:
        x = x @ W + b
        x = np.where(x > 0, x, 0.2 * x)
    np.testing.assert_allclose(D(z), x @ last[0] + last[1], rtol=1e-4, atol=1e-5)


def test_the_seed_fixes_the_weights_and_tells_layers_apart():
    a, b, c = (discriminator(4, width=4, depth=3, seed=s) for s in (1, 1, 2))
    for u, v in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(u, v)
    assert any((u != v).any() for u, v in zip(a.get_weights(), c.get_weights(), strict=True))
    kernels = [w for w in a.get_weights() if w.shape == (4, 4)]
    assert (kernels[0] != kernels[1]).any()


def test_logits_stay_float32_in_mixed_precision():
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        D = discriminator(4, width=4, depth=1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert D(tf.zeros([2, 4])).dtype == tf.float32
