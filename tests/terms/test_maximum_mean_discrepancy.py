import numpy as np
import pytest
import tensorflow as tf

from vaezoo.terms import mmd

KERNELS = ["inverse_multiquadratic", "gaussian"]


def kernel_by_hand(name, a, b):
    d, r2 = len(a), float(((a - b) ** 2).sum())
    if name == "gaussian":
        return np.exp(-r2 / d**2)
    return sum(2 * d * s / (2 * d * s + r2) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))


def mmd_by_loops(name, z, p):
    def mean(a, b, skip):
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not (skip and i == j)]
        return np.mean([kernel_by_hand(name, a[i], b[j]) for i, j in pairs])

    return mean(z, z, True) + mean(p, p, True) - 2 * mean(z, p, False)


@pytest.mark.parametrize("kernel", KERNELS)
def test_it_is_the_double_loop(kernel):
    rng = np.random.default_rng(0)
    z, p = rng.normal(0.5, 1.5, [9, 4]), rng.normal(size=[12, 4])
    value = mmd(tf.constant(z, tf.float32), tf.constant(p, tf.float32), kernel)
    np.testing.assert_allclose(value, mmd_by_loops(kernel, z, p), rtol=1e-4)


def many_times(kernel, z, p):
    """The estimates, [R], from R pairs of batches, [R, B, d] each."""
    compiled = tf.function(lambda pairs: tf.map_fn(lambda a: mmd(*a, kernel), pairs, tf.float32), jit_compile=True)
    return compiled((tf.constant(z, tf.float32), tf.constant(p, tf.float32))).numpy()


@pytest.mark.parametrize("kernel", KERNELS)
def test_unbiased_zero_for_equal_distributions(kernel):
    rng = np.random.default_rng(1)
    z, p = rng.normal(size=[2, 2000, 16, 5])
    values = many_times(kernel, z, p)
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 4 * error
    # The error is small enough to detect the bias 2 (k(a, a) - E k(a, b)) / B of pairs of a sample with itself.
    pairs = zip(*rng.normal(size=[2, 500, 5]), strict=True)
    surplus = kernel_by_hand(kernel, z[0, 0], z[0, 0]) - np.mean([kernel_by_hand(kernel, *ab) for ab in pairs])
    assert 2 * surplus / 16 > 20 * error


@pytest.mark.parametrize("kernel", KERNELS)
def test_unbiased_for_different_distributions(kernel):
    """The mean over many small batches agrees with that over a few large ones."""
    rng = np.random.default_rng(2)
    small, large = (
        many_times(kernel, rng.normal(1.0, 0.5, shape), rng.normal(size=shape)) for shape in ((2000, 8, 3), (8, 500, 3))
    )
    error = np.hypot(small.std() / np.sqrt(len(small)), large.std() / np.sqrt(len(large)))
    assert abs(small.mean() - large.mean()) < 4 * error
    assert large.mean() > 20 * error


@pytest.mark.parametrize("kernel", KERNELS)
def test_descent_moves_the_samples_to_the_prior(kernel):
    rng = np.random.default_rng(3)
    z = tf.Variable(rng.normal(2.0, 1.0, [64, 2]).astype("float32"))
    p = tf.constant(rng.normal(size=[64, 2]).astype("float32"))

    @tf.function(jit_compile=True)
    def step():
        with tf.GradientTape() as tape:
            loss = mmd(z, p, kernel)
        z.assign_sub(20.0 * tape.gradient(loss, z))
        return loss

    losses = [step().numpy() for _ in range(100)]
    assert losses[-1] < 0.2 * losses[0]


def test_an_unknown_kernel():
    with pytest.raises(ValueError, match="'rbf'"):
        mmd(tf.zeros([2, 2]), tf.zeros([2, 2]), "rbf")
