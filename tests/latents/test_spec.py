import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from vaezoo.latents import LatentSpec


def test_sizes():
    spec = LatentSpec(gaussian=6, categorical=(3, 10))
    assert (spec.parameters, spec.size) == (2 * 6 + 13, 6 + 13)
    assert (LatentSpec().parameters, LatentSpec().size) == (20, 10)


def test_the_layout_of_an_encoders_output():
    spec = LatentSpec(gaussian=2, categorical=(3, 2))
    q = spec.posterior(tf.range(9)[None])
    assert q.mu.dtype == tf.float32
    np.testing.assert_array_equal(q.mu, [[0, 1]])
    np.testing.assert_array_equal(q.log_var, [[2, 3]])
    np.testing.assert_array_equal(q.logits[0], [[4, 5, 6]])
    np.testing.assert_array_equal(q.logits[1], [[7, 8]])


def test_split_takes_a_code_apart():
    z, (first, second) = LatentSpec(gaussian=2, categorical=(3, 2)).split(tf.range(7)[None])
    for part, expected in zip((z, first, second), ([0, 1], [2, 3, 4], [5, 6]), strict=True):
        np.testing.assert_array_equal(part, [expected])
    z, none = LatentSpec(gaussian=2).split(tf.zeros([5, 2]))
    assert z.shape == [5, 2] and none == []


def test_the_prior():
    p = LatentSpec(gaussian=2, categorical=(4,)).prior()
    np.testing.assert_allclose(p.probs[0], [4 * [0.25]])
    code = tf.constant([[1.0, -2.0, 0.0, 0.0, 1.0, 0.0]])
    np.testing.assert_allclose(p.log_prob(code), -0.5 * 5.0 - np.log(2 * np.pi) - np.log(4.0), rtol=1e-5)


@pytest.mark.parametrize("gaussian", [0, -1, 2.0, "3", None])
def test_a_wrong_gaussian(gaussian):
    with pytest.raises(ValueError, match=f"`gaussian`.*Received: {gaussian!r}"):
        LatentSpec(gaussian=gaussian)


@pytest.mark.parametrize("categorical", [(1,), (10, 0), (2.5,), ("a",), 10, None])
def test_a_wrong_categorical(categorical):
    with pytest.raises(ValueError, match="`categorical`.*Received"):
        LatentSpec(categorical=categorical)


def test_specs_are_values():
    spec = LatentSpec(gaussian=4, categorical=[3, 2])
    assert spec == LatentSpec(4, (3, 2)) != LatentSpec(4, (2, 3))
    assert len({spec, LatentSpec(4, (3, 2))}) == 1
    with pytest.raises(AttributeError):
        spec.gaussian = 5


def test_serialization_round_trip():
    spec = LatentSpec(gaussian=4, categorical=(3, 2))
    written = json.loads(json.dumps(keras.saving.serialize_keras_object(spec)))
    assert keras.saving.deserialize_keras_object(written) == spec
    assert LatentSpec.from_config(spec.get_config()) == spec
