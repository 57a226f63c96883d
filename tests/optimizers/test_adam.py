import keras
import numpy as np
import pytest

import vaezoo


def algorithm_1(gradients, *, alpha, beta_1, beta_2, epsilon):
    """Kingma & Ba 2015, Algorithm 1, line by line in float64, from w = 1."""
    w = np.ones(gradients.shape[1])
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        w = w - alpha * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return w


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-8])
def test_it_is_algorithm_1_also_where_epsilon_matters(scale):
    gradients = np.random.default_rng(0).normal(size=(20, 5)) * scale
    expected = algorithm_1(gradients, alpha=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    variable, optimizer = keras.Variable(np.ones(5)), vaezoo.Adam(0.1)
    for g in gradients.astype(np.float32):
        optimizer.apply([keras.ops.convert_to_tensor(g)], [variable])
    np.testing.assert_allclose(np.asarray(variable) - 1, expected - 1, rtol=1e-4, atol=1e-6)


def test_keras_adam_is_another_where_gradients_are_small():
    """With Keras's Adam, the first update by a gradient of 1e-6 is 0.24 of the learning rate."""
    ours, theirs = keras.Variable(np.zeros(1)), keras.Variable(np.zeros(1))
    g = keras.ops.convert_to_tensor(np.float32([1e-6]))
    vaezoo.Adam(0.1).apply([g], [ours])
    keras.optimizers.Adam(0.1).apply([g], [theirs])
    np.testing.assert_allclose([float(ours[0]), float(theirs[0])], [-0.1 / 1.01, -0.1 / 4.1623], rtol=1e-3)


def test_a_variables_first_update_is_corrected_as_a_first():
    """Adam's first update of a variable is the learning rate in the gradient's direction, at any step."""
    often, late = keras.Variable(np.zeros(1)), keras.Variable(np.zeros(1))
    optimizer = vaezoo.Adam(0.1)
    optimizer.build([often, late])
    g = keras.ops.ones(1)
    for _ in range(50):
        optimizer.apply([g], [often])
    optimizer.apply([3 * g], [late])
    np.testing.assert_allclose(late, -0.1, rtol=1e-5)


def test_configuration_round_trip_and_amsgrad():
    optimizer = vaezoo.Adam(0.3, epsilon=1e-5)
    assert vaezoo.Adam().epsilon == 1e-8
    assert vaezoo.Adam.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    with pytest.raises(ValueError, match="amsgrad"):
        vaezoo.Adam(amsgrad=True)
