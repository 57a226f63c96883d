import math

import keras
import pytest
import tensorflow as tf

from vaezoo.terms import capacity, discrete_ceiling


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0.0), (1, 25e-5), (40_000, 10.0), (100_000, 25.0), (100_001, 25.0), (10**7, 25.0)]
)
def test_linear_then_constant(step, expected):
    C = capacity(tf.constant(step, tf.int64), 25.0, 100_000)
    assert C.dtype == tf.float32 and C.numpy() == pytest.approx(expected)


@pytest.mark.parametrize("step", [0, 5000, 11_000, 12_000, 25_000, 30_000])
def test_the_ceiling_is_that_of_duponts_code(step):
    ramp = min((5.0 - 0.0) * step / float(25_000) + 0.0, 5.0)
    expected = min(ramp, math.log(10))
    assert capacity(tf.constant(step), 5.0, 25_000, discrete_ceiling((10,))).numpy() == pytest.approx(expected)


def test_the_ceiling_counts_every_block():
    assert discrete_ceiling((10, 3)) == pytest.approx(math.log(30))
    assert discrete_ceiling(()) == 0.0


def test_it_compiles_with_a_step_that_moves():
    compiled = tf.function(lambda step: capacity(step, 10.0, 4), jit_compile=True)
    assert [compiled(tf.constant(t)).numpy() for t in range(6)] == [0.0, 2.5, 5.0, 7.5, 10.0, 10.0]


def test_a_schedule_is_the_ramp_itself():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], [1.0, 4.0, 2.0])
    given = [capacity(tf.constant(t), schedule, 1, ceiling=3.0).numpy() for t in range(8)]
    assert given == [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 2.0, 2.0]


@pytest.mark.parametrize(("maximum", "steps"), [(-1.0, 10), (1.0, 0), (math.nan, 10)])
def test_errors(maximum, steps):
    with pytest.raises(ValueError, match="Received"):
        capacity(0, maximum, steps)
