"""Reader of the published binary matrices of SmallNORB.

References:
    LeCun et al. 2004, "Learning Methods for Generic Object Recognition with Invariance to Pose and Lighting". Its
    factors here are those of Locatello et al. 2019: the instance is none.
"""

import gzip
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaezoo.data.factor_table import FactorTable
from vaezoo.data.guards import check_bytes, exactly, whole
from vaezoo.data.resizing import reduced

FACTORS = ("category", "elevation", "azimuth", "lighting")
SIZES = (5, 9, 18, 6)
ELEVATIONS = tuple(range(30, 75, 5))  # degrees
AZIMUTHS = tuple(range(0, 360, 20))  # degrees
STEMS = {
    "train": "smallnorb-5x46789x9x18x6x2x96x96-training",
    "test": "smallnorb-5x01235x9x18x6x2x96x96-testing",
}
DTYPES: dict[int, np.dtype] = {0x1E3D4C55: np.dtype("u1"), 0x1E3D4C54: np.dtype("<i4")}


def read_matrix(path: Path) -> np.ndarray:
    """Reads a binary matrix of bytes or 32-bit integers, compressed (.gz) or not.

    Raises:
        ValueError: if the file is none, is damaged, claims more bytes than `guards.check_bytes` allows, or holds
            more than it claims.
    """
    with whole(path), (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        magic, rank = np.frombuffer(exactly(stream, 8), "<i4").tolist()
        if magic not in DTYPES or not 1 <= rank <= 8:
            raise ValueError(
                f"Expected '{path}' to be a binary matrix of SmallNORB, of bytes or 32-bit integers. "
                f"Received: magic number {magic:#x}, rank {rank}"
            )
        shape = np.frombuffer(exactly(stream, 4 * max(3, rank)), "<i4").tolist()[:rank]  # never fewer than 3 sizes
        count = math.prod(shape) * DTYPES[magic].itemsize
        if min(shape) < 0:
            raise ValueError(f"Expected sizes from 0 on in '{path}'. Received: {shape}")
        check_bytes(path, count, f"{DTYPES[magic]} {tuple(shape)}")
        matrix = np.frombuffer(exactly(stream, count), DTYPES[magic]).reshape(shape)
        if stream.read(1):
            raise ValueError(f"Expected '{path}' to end after {tuple(shape)}, as its header says. Received: more bytes")
    return matrix


def read_files(pictures: Path, categories: Path, details: Path) -> tuple[npt.NDArray[np.uint8], FactorTable]:
    """Reads the left images of a split, reduced from 96 x 96 to 64 x 64, and their factors.

    Args:
        pictures: the file ...-dat.mat, also with .gz: uint8 [N, 2, 96, 96].
        categories: the file ...-cat.mat: [N].
        details: the file ...-info.mat, [N, 4]: instance, elevation, azimuth (twice its class), lighting.

    Returns:
        uint8 [N, 64, 64, 1], and the factors `FACTORS`.

    Raises:
        ValueError: if a file is damaged, or they do not fit together.
    """
    left = read_matrix(pictures)
    labels, info = read_matrix(categories), read_matrix(details)
    shapes: list[Sequence[int]] = [left.shape, labels.shape, info.shape]
    n = len(labels)
    if left.ndim != 4 or list(map(list, shapes)) != [[n, 2, *left.shape[2:]], [n], [n, 4]] or left.dtype != np.uint8:
        raise ValueError(
            f"Expected matrices [N, 2, H, W] of bytes, [N] and [N, 4] in '{pictures}' and beside it. Received: {shapes}"
        )
    return reduced(left[:, 0, ..., None]), table(labels, info[:, 1], info[:, 2] // 2, info[:, 3])


def table(
    category: npt.ArrayLike, elevation: npt.ArrayLike, azimuth: npt.ArrayLike, lighting: npt.ArrayLike
) -> FactorTable:
    """Returns the factors of N images from the classes [N] of each; five or ten images share each combination.

    Raises:
        ValueError: if a class does not exist.
    """
    classes = np.stack([category, elevation, azimuth, lighting], axis=-1).astype(np.int64)
    values = (range(SIZES[0]), ELEVATIONS, AZIMUTHS, range(SIZES[3]))
    return FactorTable(FACTORS, SIZES, classes, values)
