import keras
import numpy as np
import pytest

import vaezoo


def test_with_one_update_a_step_it_is_keras_adam():
    rng = np.random.default_rng(0)
    ours, theirs = keras.Variable(np.ones(5)), keras.Variable(np.ones(5))
    one, other = vaezoo.Adam(0.1, beta_1=0.5, beta_2=0.9), keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9)
    for _ in range(20):
        g = keras.ops.convert_to_tensor(rng.normal(size=5).astype(np.float32))
        one.apply([g], [ours])
        other.apply([g], [theirs])
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_variables_first_update_is_corrected_as_a_first():
    """Adam's first update is the learning rate in the gradient's direction, however late it comes."""
    often, late = keras.Variable(np.zeros(1)), keras.Variable(np.zeros(1))
    optimizer = vaezoo.Adam(0.1)
    optimizer.build([often, late])
    g = keras.ops.ones(1)
    for _ in range(50):
        optimizer.apply([g], [often])
    optimizer.apply([3 * g], [late])
    np.testing.assert_allclose(late, -0.1, rtol=1e-5)


def test_configuration_round_trip_and_amsgrad():
    optimizer = vaezoo.Adam(0.3, epsilon=1e-8)
    assert vaezoo.Adam.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    with pytest.raises(ValueError, match="amsgrad"):
        vaezoo.Adam(amsgrad=True)
