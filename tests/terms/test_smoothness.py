import keras
import numpy as np
import pytest
import tensorflow as tf

from vaezoo.networks import mlp_encoder
from vaezoo.terms import cross_entropy, entropy, neighbour_radius, smoothness
from vaezoo.terms.vat import adversarial_direction

KEY = tf.constant([3, 7])


def linear(K=3, inputs=2, seed=0, scale=2.0):
    W = tf.Variable(np.random.default_rng(seed).normal(0, scale, [inputs, K]).astype("float32"))
    return W, lambda x: tf.matmul(tf.reshape(x, [-1, inputs]), W)


def images(B=16, shape=(2, 1, 1), seed=1):
    return tf.constant(np.random.default_rng(seed).uniform(-0.5, 0.5, [B, *shape]).astype("float32"))


def norms(x):
    return np.linalg.norm(np.reshape(x, [len(x), -1]), axis=1)


def test_it_finds_the_worst_direction_of_a_small_ball():
    """Compares with all directions in a plane, in steps of 1 degree; opposite ones are equal in a small ball."""
    _, predict = linear()
    x, epsilon = images(), 0.05
    angles = np.linspace(0, 2 * np.pi, 361)
    around = epsilon * np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")
    reached = [cross_entropy(predict(x), predict(x + v.reshape(1, 2, 1, 1))).numpy() for v in around]
    kl = np.array(reached) - entropy(predict(x)).numpy()
    found = smoothness(predict, x, predict(x), KEY, epsilon=epsilon, xi=0.05, power_iterations=30) - entropy(predict(x))
    assert (found.numpy() > 0.93 * kl.max(axis=0)).all()
    assert (found.numpy() < 1.01 * kl.max(axis=0)).all()
    assert (kl.max(axis=0) > 2 * kl.min(axis=0)).all()  # the directions differ


def test_one_iteration_is_exact_for_two_classes():
    """With two classes, only one direction matters, along w_1 - w_0."""
    W, predict = linear(K=2, inputs=6)
    x = images(shape=(2, 3, 1))
    w = (W[:, 1] - W[:, 0]).numpy()
    direction = adversarial_direction(predict, x, [predict(x)], KEY)
    cosine = np.reshape(direction, [16, 6]) @ w / np.linalg.norm(w)
    np.testing.assert_allclose(np.abs(cosine), 1.0, atol=1e-4)
    p, gap = tf.nn.softmax(predict(x))[:, 1].numpy(), (predict(x)[:, 1] - predict(x)[:, 0]).numpy()
    for epsilon in (0.3, 1.0):
        moved = gap + epsilon * np.linalg.norm(w) * np.sign(cosine)
        expected = p * np.log1p(np.exp(-moved)) + (1 - p) * np.log1p(np.exp(moved))
        np.testing.assert_allclose(smoothness(predict, x, predict(x), KEY, epsilon=epsilon), expected, rtol=1e-3)


def test_it_beats_random_directions_on_a_network():
    encoder = mlp_encoder((8, 8, 1), 5, hidden=(32,), seed=0)
    x, rng = images(B=64, shape=(8, 8, 1)), np.random.default_rng(2)
    predict = lambda v: 4.0 * encoder(v, training=False)  # noqa: E731
    clean = predict(x)
    u = rng.normal(size=[64, 64])
    u = tf.constant((u / np.linalg.norm(u, axis=1, keepdims=True)).reshape(64, 8, 8, 1), tf.float32)
    random = tf.reduce_mean(cross_entropy(clean, predict(x + u)) - entropy(clean)).numpy()
    found = tf.reduce_mean(smoothness(predict, x, predict(x), KEY) - entropy(clean)).numpy()
    assert found > 5 * random > 0


def test_gradients_reach_the_weights_through_the_last_pass_alone():
    W = [tf.Variable(w) for w in 3 * [linear(inputs=6)[0]]]
    passes = []

    def predict(x):
        passes.append(x)
        return tf.matmul(tf.reshape(x, [-1, 6]), W[len(passes) - 1])

    x = images(shape=(2, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        term = smoothness(predict, x, predict(x), KEY)
    assert len(passes) == 3  # clean, search, perturbed
    clean, search, perturbed = tape.gradient(term, W)
    assert clean is None and search is None

    p = tf.nn.softmax(tf.matmul(tf.reshape(x, [-1, 6]), W[0])).numpy()
    moved = np.reshape(passes[-1], [-1, 6])
    q = tf.nn.softmax(moved @ W[2].numpy()).numpy()
    np.testing.assert_allclose(perturbed, moved.T @ (q - p), rtol=1e-4, atol=1e-5)  # the softmax gradient, by hand


@pytest.mark.parametrize("power_iterations", [0, 1, 2])
def test_eta_has_the_radius_asked_for(power_iterations):
    seen = []

    def predict(x):
        seen.append(x)
        return linear()[1](x)

    x, radii = images(), tf.linspace(0.0, 3.0, 16)
    smoothness(predict, x, predict(x), KEY, epsilon=radii, power_iterations=power_iterations)
    assert len(seen) == power_iterations + 2
    np.testing.assert_allclose(norms(seen[-1] - x), radii, rtol=1e-5, atol=1e-6)
    smoothness(predict, x, predict(x), KEY, epsilon=0.5, power_iterations=power_iterations)
    np.testing.assert_allclose(norms(seen[-1] - x), 0.5, rtol=1e-5)


def test_no_perturbation_leaves_the_entropy():
    _, predict = linear()
    x = images()
    np.testing.assert_allclose(
        smoothness(predict, x, predict(x), KEY, epsilon=0.0), entropy(predict(x)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("slope", [0.0, 1e-30, 1e4])
def test_no_gradient_gives_no_nan(slope):
    """The prediction is constant, has a gradient that underflows, or is saturated."""
    W = tf.Variable(slope * tf.constant([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]]))
    predict = lambda x: tf.matmul(tf.reshape(x, [-1, 2]) + 5.0, W)  # noqa: E731
    x = images()
    with tf.GradientTape() as tape:
        term = smoothness(predict, x, predict(x), KEY)
    assert np.isfinite(term).all() and np.isfinite(tape.gradient(term, W)).all()
    np.testing.assert_allclose(norms(adversarial_direction(predict, x, [predict(x)], KEY)), 1.0, rtol=1e-5)


def test_a_prediction_that_ignores_the_image():
    term = smoothness(lambda x: tf.zeros([16, 4]), images(), tf.zeros([16, 4]), KEY)
    np.testing.assert_allclose(term, np.log(4.0), rtol=1e-6)


def test_a_tiny_gradient_keeps_its_direction():
    """The gradient is about 1e-22, so that its square would underflow."""
    W = tf.constant([[0.0, 30.0], [0.0, -3.0]])
    predict = lambda x: tf.matmul(tf.reshape(x, [-1, 2]), W) + tf.constant([60.0, 0.0])  # noqa: E731
    x = tf.fill([4, 2, 1, 1], 0.25)
    direction = np.reshape(adversarial_direction(predict, x, [predict(x)], KEY, xi=0.01), [4, 2])
    np.testing.assert_allclose(np.abs(direction @ [30.0, -3.0]) / np.hypot(30, 3), 1.0, atol=1e-3)


def test_blocks_add_up():
    first, second = linear(K=3)[1], linear(K=4, seed=5)[1]
    x = images()
    both = lambda v: (first(v), second(v))  # noqa: E731
    eta = adversarial_direction(both, x, both(x), KEY)
    expected = cross_entropy(first(x), first(x + eta)) + cross_entropy(second(x), second(x + eta))
    np.testing.assert_allclose(smoothness(both, x, both(x), KEY), expected, rtol=1e-5)
    np.testing.assert_array_equal(
        smoothness(lambda v: (first(v),), x, (first(x),), KEY), smoothness(first, x, first(x), KEY)
    )


def test_the_key_decides_the_start():
    predict, x = linear(inputs=6)[1], images(shape=(2, 3, 1))
    a, b, c = (smoothness(predict, x, predict(x), tf.constant(key)).numpy() for key in ([1, 1], [1, 1], [1, 2]))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_compiled_values_and_gradients_are_those_of_eager(policy):
    keras.config.set_dtype_policy(policy)
    try:
        encoder = mlp_encoder((6, 6, 1), 5, hidden=(32,), batch_norm=False, seed=0)
    finally:
        keras.config.set_dtype_policy("float32")
    x = images(B=32, shape=(6, 6, 1))
    predict = lambda v: 5.0 * encoder(v, training=False)  # noqa: E731

    def term(x):
        with tf.GradientTape() as tape:
            value = smoothness(predict, x, predict(x), KEY)
        return value, *tape.gradient(value, encoder.trainable_variables)

    # bfloat16 has 8 bits, XLA rounds elsewhere than the kernels do, and a rounding can switch a ReLU
    tolerance, switched = {"float32": (1e-3, 0.0), "mixed_bfloat16": (0.05, 1 / 32)}[policy]
    for compiled, eager in zip(tf.function(term, jit_compile=True)(x), term(x), strict=True):
        assert compiled.dtype == tf.float32
        assert np.mean(np.abs(compiled - eager) > tolerance * np.abs(eager).max()) <= switched


def test_neighbour_radius_is_that_of_a_loop():
    data = np.random.default_rng(6).uniform(size=[40, 5, 4, 1]).astype("float32")
    radius = neighbour_radius(data[8:20], data, alpha=0.25, neighbour=3)
    for i, r in zip(range(8, 20), radius.numpy(), strict=True):
        others = sorted(np.linalg.norm(data[i] - data[j]) for j in range(40) if j != i)
        assert r == pytest.approx(0.25 * others[2], rel=1e-4)


def test_neighbour_radius_within_a_batch():
    line = tf.constant([0.0, 1.0, 3.0, 7.0])[:, None]
    np.testing.assert_allclose(neighbour_radius(line, line, alpha=1.0, neighbour=1), [1, 1, 2, 4], rtol=1e-5)
    np.testing.assert_allclose(neighbour_radius(line, line, alpha=0.5, neighbour=3), [3.5, 3, 2, 3.5], rtol=1e-5)
    with pytest.raises(ValueError, match="at least 1. Received: 0"):
        neighbour_radius(line, line, neighbour=0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_neighbour_radius_in_a_batch_that_is_too_small(jit_compile):
    """The farthest image replaces a missing neighbour; a single image has radius 0."""
    spec = [tf.TensorSpec([None, 2])]
    radius = tf.function(lambda x: neighbour_radius(x, x, alpha=1.0, neighbour=3), spec, jit_compile=jit_compile)
    line = tf.constant([0.1, 1.1, 3.1, 7.1])[:, None] * [[0.6, 0.8]]
    np.testing.assert_allclose(radius(line), [7, 6, 4, 7], rtol=1e-4)
    np.testing.assert_allclose(radius(line[:3]), [3, 2, 3], rtol=1e-4)
    np.testing.assert_allclose(radius(line[:2]), [1, 1], rtol=1e-4)
    for alone in line:
        assert radius(alone[None]).numpy().tolist() == [0.0]
