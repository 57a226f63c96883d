"""The part of every global batch that a process reads where replicas train together."""

import dataclasses

import numpy as np
import pytest

import vaezoo
from vaezoo.data import FactorGrid, FactorTable
from vaezoo.data.reading import Share

IMAGES = np.arange(48, dtype=np.uint8)[:, None, None, None]
GRID = FactorGrid(("a", "b"), (6, 8))


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Forty-eight images of one pixel, in memory and in a file, with factors in their order and in another."""
    data = dataclasses.replace(vaezoo.data.from_arrays(IMAGES), factors=GRID)
    file = tmp_path_factory.mktemp("share") / "images.npy"
    np.save(file, IMAGES)
    table = FactorTable(GRID.names, GRID.sizes, GRID.classes(np.arange(48)[::-1]))
    return {
        "grid": data,
        "weighted": dataclasses.replace(data, weights=np.arange(48.0)),
        "streamed": vaezoo.data.load(file, streamed=True),
        "streamed table": dataclasses.replace(vaezoo.data.load(file, streamed=True), factors=table),
    }


@pytest.mark.parametrize("replicas, local, minibatches", [(2, 1, 1), (2, 2, 1), (4, 2, 2), (3, 1, 2)])
@pytest.mark.parametrize(
    "kind, name",
    [
        ("batches", "grid"),
        ("batches", "weighted"),
        ("batches", "streamed"),
        ("pairs", "grid"),
        ("pairs", "streamed table"),
    ],
)
def test_the_shares_of_all_replicas_are_the_global_batch(replicas, local, minibatches, kind, name, sets):
    draw, options = getattr(sets[name], kind), {"seed": 5, "start_step": 3, "steps": 4}
    whole = [np.ravel(batch) if kind == "batches" else np.reshape(batch, [2, -1]) for batch in draw(24, **options)]
    shares = [Share(replicas, first, local, minibatches) for first in range(0, replicas, local)]
    read = [draw(24, share=share, **options) for share in shares]
    assert [batches.cardinality() for batches in read] == [4 * local] * len(shares)
    read = [list(batches) for batches in read]
    assert [len(batches) for batches in read] == [4 * local] * len(shares)
    for step, batch in enumerate(whole):
        mine = [batches[step * local + i] for batches in read for i in range(local)]  # of each replica in turn
        rows = np.reshape(mine, [replicas, 1 if kind == "batches" else 2, minibatches, -1])
        np.testing.assert_array_equal(rows.transpose(1, 2, 0, 3).reshape(batch.shape), batch)


def test_a_process_reads_no_images_of_other_shares(sets, monkeypatch):
    rows = type(sets["streamed"].stored)
    read, sizes = rows.read, []
    monkeypatch.setattr(rows, "read", lambda self, indices: sizes.append(len(indices)) or read(self, indices))
    assert len(list(sets["streamed"].batches(24, seed=5, steps=4, share=Share(3, first=1)))) == 4
    assert sizes == [8] * 4


def test_a_batch_that_does_not_divide_is_refused(sets):
    with pytest.raises(ValueError, match="2 x a multiple of 3, the number of replicas. Received: 8 images"):
        sets["grid"].batches(8, seed=0, share=Share(3, minibatches=2))


def test_a_pass_in_order_has_no_shares(sets):
    with pytest.raises(ValueError, match="Expected `shuffle` with a `share`"):
        sets["grid"].batches(8, shuffle=False, share=Share(2))
