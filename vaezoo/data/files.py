"""Readers of the published dSprites .npz and of MNIST's idx files."""

import gzip
import math
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaezoo.data import sprites
from vaezoo.data.factors import FactorGrid
from vaezoo.data.guards import check_bytes, exactly, whole
from vaezoo.data.npz import headers, read_header, read_member


def is_published_sprites(path: Path) -> bool:
    """Returns whether an .npz has the layout of the published dSprites file."""
    return {"imgs", "latents_classes"} <= headers(path).keys()


def read_sprites(path: Path, grid: FactorGrid = sprites.GRID) -> npt.NDArray[np.uint8]:
    """Reads the published dSprites .npz as packed bits.

    The pixels are packed while they are decompressed, so that their 2.8 GiB are never in memory at once. The pickled
    `metadata` is not read.

    Args:
        path: the .npz file.
        grid: the factors of its images.

    Returns:
        uint8 [grid.size, 64, 8], as by `sprites.draw`.

    Raises:
        ValueError: if the file is damaged, or does not hold the binary images of the whole grid in its order.
    """
    expected = {
        "imgs": ((grid.size, sprites.SIZE, sprites.SIZE), np.dtype(np.uint8)),
        "latents_classes": ((grid.size, 1 + len(grid.sizes)), np.dtype(np.int64)),
    }
    found = headers(path)
    for key, (shape, dtype) in expected.items():
        if found.get(key) != (shape, dtype):
            received = "{1} {0}".format(*found[key]) if key in found else "no such array"
            raise ValueError(f"Expected `{key}` in '{path}' to be {dtype} {shape}. Received: {received}")
    with whole(path), zipfile.ZipFile(path) as archive:
        classes = read_member(archive, "latents_classes")[:, 1:]  # without colour, which has a single class
        if not np.array_equal(classes, grid.classes(np.arange(grid.size))):
            raise ValueError(f"Expected images in the published order in '{path}'. Received: another order")
        bits = sprites.empty_bits(grid.size)
        with archive.open("imgs.npy") as stream:
            read_header(stream)
            for start in range(0, grid.size, 4096):
                room = bits[start : start + 4096]
                pixels = np.frombuffer(exactly(stream, 8 * room.size), np.uint8)
                if pixels.max() > 1:
                    raise ValueError(f"Expected pixels of 0 and 1 in '{path}'. Received: {pixels.max()}")
                room[:] = np.packbits(pixels.reshape(-1, sprites.SIZE, sprites.SIZE), axis=-1)
    return bits


def read_idx(path: Path, rank: int) -> npt.NDArray[np.uint8]:
    """Reads an idx file of bytes, MNIST's original format, compressed (.gz) or not.

    Args:
        path: the file.
        rank: the rank of its array.

    Raises:
        ValueError: if the file is not an idx file of bytes of this rank, is damaged, claims more bytes than
            `guards.check_bytes` allows, or holds more than it claims.
    """
    with whole(path), (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        magic = exactly(stream, 4)
        if magic != bytes([0, 0, 8, rank]):
            raise ValueError(
                f"Expected '{path}' to be an idx file of bytes of rank {rank}, beginning with "
                f"0000080{rank}. Received: {magic.hex()}"
            )
        shape = tuple(np.frombuffer(exactly(stream, 4 * rank), ">u4").tolist())
        check_bytes(path, math.prod(shape), f"uint8 {shape}")
        images = np.frombuffer(exactly(stream, math.prod(shape)), np.uint8).reshape(shape)
        if stream.read(1):  # At the end of the stream, gzip also compares the checksum.
            raise ValueError(f"Expected '{path}' to end after uint8 {shape}, as its header says. Received: more bytes")
    return images
