import numpy as np
import pytest
import tensorflow as tf

from vaezoo.data import from_arrays, load, pipeline

N = 50


@pytest.fixture(scope="module")
def data():
    """Image n is filled with n."""
    return from_arrays(np.broadcast_to(np.arange(N, dtype=np.uint8)[:, None, None], (N, 3, 2)), np.arange(N) % 7)


def order(dataset):
    """The indices of the images, a list of batches."""
    return [np.rint(255 * batch[:, 0, 0, 0]).astype(int).tolist() for batch in dataset.as_numpy_iterator()]


def flat(batches):
    return np.concatenate(batches)


def test_kind(data):
    batches = data.batches(8, seed=0)
    assert batches.element_spec == tf.TensorSpec((8, 3, 2, 1), tf.float32)
    assert batches.cardinality() == N // 8 == len(list(batches))
    batch = next(iter(batches)).numpy()
    assert batch.min() >= 0 and batch.max() <= 1
    np.testing.assert_array_equal(batch, data.images(np.rint(255 * batch[:, 0, 0, 0]).astype(int)))


@pytest.mark.parametrize("batch_size", [1, 8, 25, 50])
def test_each_epoch_is_a_permutation_and_batches_straddle(data, batch_size):
    stream = flat(order(data.batches(batch_size, seed=3, steps=4 * N // batch_size)))
    epochs = stream[: len(stream) // N * N].reshape(-1, N)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(N))
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs) >= 3


def test_the_stream_does_not_depend_on_the_batch_size(data):
    small, large = (flat(order(data.batches(b, seed=3, steps=200 // b))) for b in (8, 25))
    np.testing.assert_array_equal(small, large)


@pytest.mark.parametrize("start", [0, 1, 6, 7, 19])
def test_resumed_batches_are_the_same(data, start):
    whole = order(data.batches(8, seed=1, steps=24))
    assert order(data.batches(8, seed=1, start_step=start, steps=24 - start)) == whole[start:]
    assert order(data.batches(8, seed=1, start_step=start, steps=1)) == whole[start : start + 1]


def test_seeds(data):
    streams = {tuple(flat(order(data.batches(8, seed=s)))) for s in (0, 1, -1, 2**32, 2**63 - 1, -(2**63))}
    assert len(streams) == 6


def test_far_steps_are_permutations_too(data):
    stream = flat(order(data.batches(25, seed=0, start_step=2**52, steps=4))).reshape(-1, N)
    np.testing.assert_array_equal(np.sort(stream), [np.arange(N)] * 2)
    assert not np.array_equal(stream[0], stream[1])


def test_order_is_as_random_as_numpys():
    """Neighbours and successive epochs are uncorrelated, and counts in a batch vary as at random."""
    n, size = 737_280, 64
    first, second = (pipeline.shuffled(epoch * n + tf.range(n, dtype=tf.int64), n, 0).numpy() for epoch in (0, 1))
    np.testing.assert_array_equal(np.sort(first), np.arange(n))
    for a, b in ((first[1:], first[:-1]), (first, second), (first, np.arange(n))):
        assert abs(np.corrcoef(a, b)[0, 1]) < 6 / np.sqrt(n)
    for chosen in (first < n / 3, first % 32 < 16):  # dSprites: a square; in the upper half
        p = chosen.mean()
        counts = chosen.reshape(-1, size).sum(1)
        assert counts.var() / (size * p * (1 - p)) == pytest.approx(1, abs=6 * np.sqrt(2 * size / n))


def test_in_order(data):
    batches = data.batches(8, shuffle=False)
    assert batches.cardinality() == 7
    assert batches.element_spec == tf.TensorSpec((None, 3, 2, 1), tf.float32)
    np.testing.assert_array_equal(flat(order(batches)), np.arange(N))
    assert order(data.batches(8, shuffle=False, start_step=5)) == [list(range(40, 48)), [48, 49]]
    assert order(data.batches(8, shuffle=False, start_step=1, steps=1)) == [list(range(8, 16))]
    assert order(data.batches(99, shuffle=False)) == [list(range(N))]


def test_labels_stay_beside_their_images(data):
    for images, labels in data.batches(8, seed=0, labels=True).as_numpy_iterator():
        np.testing.assert_array_equal(np.rint(255 * images[:, 0, 0, 0]).astype(int) % 7, labels)


def test_packed_batches_are_the_images():
    data = load("dsprites")
    batch = next(iter(data.batches(32, seed=5))).numpy()
    assert batch.shape == (32, 64, 64, 1) and set(np.unique(batch)) == {0, 1}
    ordered = next(iter(data.batches(16, shuffle=False, start_step=1000))).numpy()
    np.testing.assert_array_equal(ordered, data.images(np.arange(16_000, 16_016)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0, "seed": 0}, "`batch_size` to be an integer from 1 on. Received: 0"),
        ({"batch_size": 2.0, "seed": 0}, "`batch_size`"),
        ({"batch_size": 51, "seed": 0}, "batch_size=51. Received: 'array' with 50 images"),
        ({"batch_size": 8}, "`seed` .* Received: None"),
        ({"batch_size": 8, "seed": 2**63}, "`seed`"),
        ({"batch_size": 8, "seed": 0, "start_step": -1}, "`start_step` to be an integer from 0 on"),
        ({"batch_size": 8, "seed": 0, "steps": 0}, "`steps` to be an integer from 1 on"),
        ({"batch_size": 8, "shuffle": False, "start_step": 7}, "one pass of 7 batches"),
        ({"batch_size": 8, "shuffle": False, "start_step": 6, "steps": 2}, "one pass of 7 batches"),
    ],
)
def test_impossible_arguments(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        data.batches(**arguments)


def test_no_labels_to_give():
    with pytest.raises(ValueError, match="'array', which has none"):
        from_arrays(np.zeros((4, 2, 2), bool)).batches(2, seed=0, labels=True)


@pytest.mark.parametrize("indices", [[N], [-1], [0.5], [[0]], 3])
def test_impossible_indices(data, indices):
    with pytest.raises(IndexError, match="Expected `indices`"):
        data.images(indices)
