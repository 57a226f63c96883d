"""Stage 1: loads images and their ground-truth factors as tf.data datasets of float32 [B, H, W, C] in [0, 1].

    data = vaezoo.data.load("dsprites")
    data.size, data.image_shape, data.origin        # 737280, (64, 64, 1), the source of the images
    data.images([0, 1])                             # float32 [2, 64, 64, 1]
    data.factors.sample(5, seed=0, fixed={"shape": 2})
    model.fit(data.batches(64, seed=0))
    data.pairs(64, k=1, seed=0)                     # pairs of images that differ in one factor
    correlated(data, {("x", "y"): 0.1})             # x is nearly y; `constrained` drops combinations

The modules, in the order in which data flows:

    factors.py           FactorGrid: maps indices to classes of the factors and back; samples with some factors fixed
    factor_table.py      FactorTable: the same for images that are no full grid
    sprites.py           dSprites, drawn in process, eight pixels per byte
    guards.py            checks against truncated, damaged and oversized files
    rows.py              Rows: images that stay in files and are read when a batch needs them
    npz.py, npy.py       readers of .npz and .npy files, into memory or in place
    files.py             readers of the published dSprites and of idx files
    picture_headers.py, image_folder.py              folders of PNG and JPEG images
    shapes3d.py, cars3d.py, smallnorb.py, mpi3d.py   readers of sets with factors, as published; resizing.py
    tfds_copies.py, tfds_rows.py, tfds_reader.py     readers of TensorFlow Datasets
    pipeline.py          the indices in batch n, as a pure function of (seed, n)
    reading.py           the images of a batch, or of the share of it that one of several processes needs
    stored.py, images.py ImageData: images, in memory or in files, and their batches and pairs
    decorated_sprites.py dSprites in colour or with noise
    sampling.py          correlated, constrained: which images are drawn, and how often
    arrays.py            from_arrays: builds an ImageData from checked arrays
    places.py            the folders that are searched
    ground_truth.py      loads the sets with factors
    sources.py           load: builds an ImageData from a name or a path
"""

from vaezoo.data.arrays import from_arrays
from vaezoo.data.factor_table import FactorTable
from vaezoo.data.factors import FactorGrid
from vaezoo.data.images import ImageData
from vaezoo.data.sampling import constrained, correlated
from vaezoo.data.sources import load

__all__ = ["FactorGrid", "FactorTable", "ImageData", "constrained", "correlated", "from_arrays", "load"]
