"""Stage 1: images and their ground-truth factors, as tf.data of float32 [B, H, W, C] in [0, 1].

    data = vaezoo.data.load("dsprites")
    data.size, data.image_shape, data.origin        # 737280, (64, 64, 1), where the images come from
    data.images([0, 1])                             # float32 [2, 64, 64, 1]
    data.factors.sample(5, seed=0, fixed={"shape": 2})
    model.fit(data.batches(64, seed=0))

In the order in which data flows:

    factors.py    FactorGrid: index <-> classes of the factors, sampling with some of them fixed
    sprites.py    dSprites, drawn in process, eight pixels to a byte
    guards.py     truncated, damaged and oversized files are refused before memory is spent
    npz.py        .npz reader
    files.py      readers of the published dSprites and of idx files
    prepared.py   TFDS reader
    pipeline.py   order: which indices batch n holds, a pure function of (seed, n)
    images.py     ImageData: images in memory -> batches
    arrays.py     `from_arrays`: checks arrays and makes an ImageData of them
    sources.py    `load`: from a name to an ImageData
"""

from vaezoo.data.arrays import from_arrays
from vaezoo.data.factors import FactorGrid
from vaezoo.data.images import ImageData
from vaezoo.data.sources import load

__all__ = ["FactorGrid", "ImageData", "from_arrays", "load"]
