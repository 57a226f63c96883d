import numpy as np
import pytest
import tensorflow as tf

from vaezoo.terms import imax, worst_imax, worst_subset


def greedy(K, omega):
    """The mask of the worst subset by a plain loop over the rounds of the greedy policy."""
    best, I_best = [], 0.0
    for _ in K:
        candidates = [c for c in range(len(K)) if c not in best]
        I_new, chosen = max((sum(K[b] for b in best) + K[c], -c) for c in candidates)
        if not (omega if best else 1.0) * I_new > I_best:
            break
        best, I_best = [*best, -chosen], I_new
    return [float(c not in best) for c in range(len(K))]


def scanned(K, omega):
    """The best subset by Algorithm 4 as printed, which updates its best value within a round, in index order."""
    best, I_best = [], 0.0
    for _ in K:
        before = best
        for c in range(len(K)):
            I_new = sum(K[b] for b in before) + K[c]
            if c not in before and omega * I_new > I_best:
                best, I_best = [*before, c], I_new
    return set(best)


@pytest.mark.parametrize(
    "draw, agreement",
    [
        (lambda rng: rng.random([2000, 10]), 0.53),
        (lambda rng: rng.exponential(size=[2000, 10]), 0.68),
        (lambda rng: np.exp(rng.uniform(np.log(1e-3), np.log(20.0), [2000, 10])), 0.95),
    ],
)
def test_how_often_the_printed_scan_agrees(draw, agreement):
    """The figures of NonSynVAE's docstring, within 3 standard errors of 2000 rows."""
    K = draw(np.random.default_rng(0)).astype("float32")
    ours = worst_subset(tf.constant(K), 0.9).numpy()
    same = [scanned(row, 0.9) == set(np.flatnonzero(mask == 0)) for row, mask in zip(K.tolist(), ours, strict=True)]
    assert abs(np.mean(same) - agreement) < 3 * np.sqrt(agreement * (1 - agreement) / 2000)


def expect(K, omega):
    K = np.asarray(K, "float32")
    expected = [greedy(row, omega) for row in K.astype("float64").tolist()]
    np.testing.assert_array_equal(worst_subset(tf.constant(K), omega), expected)
    return np.array(expected)


@pytest.mark.parametrize("omega", [1.0, 0.99, 0.9, 0.7, 0.5, 0.1, 1e-3])
def test_random_vectors(omega):
    rng = np.random.default_rng(0)
    K = np.exp(rng.uniform(np.log(1e-3), np.log(20.0), [2000, 10]))
    mask = expect(K, omega)
    sizes = (1 - mask).sum(-1)
    assert sizes.min() >= 1
    if omega in (0.9, 0.7):  # the policy takes different numbers of latents
        assert len(set(sizes)) > 2


@pytest.mark.parametrize("omega", [1.0, 0.75, 0.5])
def test_ties_and_zeros(omega):
    # The sums of small integers are exact, so that omega (S + K) = S occurs, and is a rejection.
    expect(np.random.default_rng(1).integers(0, 4, [2000, 6]), omega)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_few_latents(d):
    expect(np.random.default_rng(2).integers(0, 3, [200, d]), 0.9)


def test_ties_go_to_the_lower_index():
    np.testing.assert_array_equal(worst_subset(tf.constant([1.0, 2.0, 2.0, 2.0]), 0.5), [1, 0, 1, 1])


def test_all_zero_leaves_everything_out():
    np.testing.assert_array_equal(worst_subset(tf.zeros([4]), 0.9), tf.ones([4]))


def test_no_discount_keeps_every_informative_latent():
    np.testing.assert_array_equal(worst_subset(tf.constant([0.0, 3.0, 1e-3, 0.0]), 1.0), [1, 0, 0, 1])


def test_batched_is_one_by_one_and_compiles():
    K = tf.constant(np.random.default_rng(3).exponential(size=[5, 8, 10]).astype("float32"))
    expected = [[worst_subset(k, 0.9).numpy() for k in row] for row in K]
    np.testing.assert_array_equal(worst_subset(K, 0.9), expected)
    compiled = tf.function(worst_subset, jit_compile=True)
    np.testing.assert_array_equal(compiled(K, 0.9), expected)


def test_imax_sums_a_subset():
    K, subset = [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]], [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    np.testing.assert_array_equal(imax(tf.constant(K), tf.constant(subset)), [5.0, 16.0])


def test_synergy_is_the_kl_of_the_worst_latents():
    K = tf.constant([[4.0, 0.1, 0.0], [4.0, 0.3, 1.5]])  # means 4, 0.2, 0.75: only the first is best
    np.testing.assert_allclose(worst_imax(K, 0.8), [0.1, 1.8], rtol=1e-6)
    np.testing.assert_allclose(worst_imax(K, 1.0), [0.0, 0.0])
    np.testing.assert_allclose(worst_imax(K, 0.8, "per_example"), [0.1, 0.3], rtol=1e-6)  # 0.8 x 5.5 > 4


def test_no_gradient_through_the_choice():
    K = tf.Variable([[4.0, 0.1, 0.0], [4.0, 0.3, 1.5]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(worst_imax(K, 0.8))
    np.testing.assert_array_equal(tape.gradient(loss, K), [[0, 1, 1], [0, 1, 1]])
