"""The part of every global batch that a process reads where replicas train together."""

import dataclasses

import numpy as np
import pytest

import vaezoo
from vaezoo.data import FactorGrid
from vaezoo.data.pipeline import Share


@pytest.fixture(scope="module")
def data():
    images = np.arange(48, dtype=np.float32)[:, None, None, None] / 48
    return dataclasses.replace(vaezoo.data.from_arrays(images), factors=FactorGrid(("a", "b"), (6, 8)))


@pytest.mark.parametrize("replicas, local, minibatches", [(2, 1, 1), (2, 2, 1), (4, 2, 2), (3, 1, 2)])
@pytest.mark.parametrize("kind", ["batches", "pairs"])
def test_the_shares_of_all_replicas_are_the_global_batch(replicas, local, minibatches, kind, data):
    draw, options = getattr(data, kind), {"seed": 5, "start_step": 3, "steps": 4}
    whole = [np.ravel(batch) if kind == "batches" else np.reshape(batch, [2, -1]) for batch in draw(24, **options)]
    shares = [Share(replicas, first, local, minibatches) for first in range(0, replicas, local)]
    read = [list(draw(24, share=share, **options)) for share in shares]
    assert [len(batches) for batches in read] == [4 * local] * len(shares)
    for step, batch in enumerate(whole):
        mine = [batches[step * local + i] for batches in read for i in range(local)]  # of each replica in turn
        rows = np.reshape(mine, [replicas, 1 if kind == "batches" else 2, minibatches, -1])
        np.testing.assert_array_equal(rows.transpose(1, 2, 0, 3).reshape(batch.shape), batch)


def test_a_batch_that_does_not_divide_is_refused(data):
    with pytest.raises(ValueError, match="2 x a multiple of 3, the number of replicas. Received: 8 images"):
        data.batches(8, seed=0, share=Share(3, minibatches=2))
