"""Reader of HDF5 files of images and factors, the published format of 3D Shapes.

References:
    Burgess & Kim 2018, "3D Shapes Dataset": 480,000 images of 64 x 64 x 3 pixels, all combinations of 6 factors.
"""

import math
from pathlib import Path

import numpy as np

from vaezoo.data import npy
from vaezoo.data.factors import FactorGrid
from vaezoo.data.guards import check_bytes
from vaezoo.data.rows import FileRows

FACTORS = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
SIZES = (10, 10, 10, 8, 4, 15)
HUES = np.arange(10) / 10
GRID = FactorGrid(FACTORS, SIZES, (HUES, HUES, HUES, np.linspace(0.75, 1.25, 8), range(4), np.linspace(-30, 30, 15)))
FILE = "3dshapes.h5"


def read_hdf5(path: Path, streamed: bool | None = None) -> tuple[np.ndarray | FileRows, np.ndarray | None]:
    """Reads `images` and, if they are there, `labels` of an HDF5 file.

    Args:
        path: the file.
        streamed: as of `npy.is_streamed`. Only images that are stored without compression and in one piece can be read
            in place; those of the published 3D Shapes are compressed.

    Returns:
        The images [N, H, W, C], or rows that are read on demand; the values of the factors [N, F] or None.

    Raises:
        ValueError: if it is no HDF5 file, has no images, or they are too large (see `guards.check_bytes`).
    """
    import h5py  # which comes with Keras

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"Expected '{path}' to be a whole HDF5 file. Received: {error}") from error
    with file:
        images, labels = (file.get(key) for key in ("images", "labels"))
        if not isinstance(images, h5py.Dataset) or images.ndim not in (3, 4) or images.dtype.kind not in "buif":
            raise ValueError(
                f"Expected `images` [N, H, W] or [N, H, W, C] in '{path}', as in {FILE}. Received: "
                f"{', '.join(f'{key} {value}' for key, value in file.items()) or 'an empty file'}"
            )
        labels = labels if isinstance(labels, h5py.Dataset) and labels.ndim == 2 else None
        read = [array for array in (images, labels) if array is not None]
        offset, shape = images.id.get_offset(), images.shape  # The offset is None unless they are in one piece.
        in_place = offset is not None and not images.compression
        if in_place and npy.is_streamed(shape, images.dtype, streamed=streamed):
            return FileRows(path, offset, shape), None if labels is None else labels[:]
        count = sum(math.prod(array.shape) * array.dtype.itemsize for array in read)
        check_bytes(path, count, ", ".join(f"{array.name[1:]} {array.dtype} {array.shape}" for array in read))
        try:
            return images[:], None if labels is None else labels[:]
        except OSError as error:
            raise ValueError(f"Expected '{path}' to be a whole HDF5 file. Received: {error}") from error
