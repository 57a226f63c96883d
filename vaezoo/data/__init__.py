"""Stage 1: loads images and their ground-truth factors as tf.data datasets of float32 [B, H, W, C] in [0, 1].

    data = vaezoo.data.load("dsprites")
    data.size, data.image_shape, data.origin        # 737280, (64, 64, 1), the source of the images
    data.images([0, 1])                             # float32 [2, 64, 64, 1]
    data.factors.sample(5, seed=0, fixed={"shape": 2})
    model.fit(data.batches(64, seed=0))
    data.pairs(64, k=1, seed=0)                     # pairs of images that differ in one factor

The modules, in the order in which data flows:

    factors.py       FactorGrid: maps indices to classes of the factors and back; samples with some factors fixed
    sprites.py       dSprites, drawn in process, eight pixels per byte
    guards.py        checks against truncated, damaged and oversized files
    npz.py           reader of .npz files
    files.py         readers of the published dSprites and of idx files
    image_folder.py  reader of folders of PNG and JPEG images
    tfds_reader.py   reader of TensorFlow Datasets
    pipeline.py      the indices in batch n, as a pure function of (seed, n)
    images.py        ImageData: images in memory, and their batches and pairs
    arrays.py        from_arrays: builds an ImageData from checked arrays
    sources.py       load: builds an ImageData from a name or a path
"""

from vaezoo.data.arrays import from_arrays
from vaezoo.data.factors import FactorGrid
from vaezoo.data.images import ImageData
from vaezoo.data.sources import load

__all__ = ["FactorGrid", "ImageData", "from_arrays", "load"]
