"""Readers of image files: .npz, the published dSprites .npz, and the idx files of MNIST.

Nothing is ever unpickled: an .npz is judged by the headers of its arrays before any of them is read.
"""

import contextlib
import gzip
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaezoo.data import sprites
from vaezoo.data.factors import FactorGrid

Header = tuple[tuple[int, ...], np.dtype]
Arrays = tuple[np.ndarray, np.ndarray | None]

LABELS = ("labels", "label", "y")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Turns every way in which a compressed file shows that it is damaged into one error."""
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"Expected '{path}' to be a whole .npz or .gz file. Received: {error}") from error


def headers(path: Path) -> dict[str, Header]:
    """The arrays in an .npz, by key: shape and dtype, none of them read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no zip archive, or a truncated one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected an .npz file. Received: '{path}', where there is none")
    with _whole(path), zipfile.ZipFile(path) as archive:
        found = {}
        for member in archive.namelist():
            if member.endswith(".npy"):
                with archive.open(member) as stream:
                    found[member.removesuffix(".npy")] = _header(stream)
        return found


def _header(stream) -> Header:
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(np.lib.format.read_magic(stream))
    if read is None:  # version 3 is for structured arrays alone, which no image is
        return (), np.dtype(object)
    shape, _, dtype = read(stream)
    return shape, dtype


def splits(path: Path) -> tuple[str, ...]:
    """The splits in an .npz: those with x_train, x_test as in Keras's mnist.npz, otherwise "train"."""
    keys = headers(path)
    return tuple(split for split in ("train", "test") if f"x_{split}" in keys) or ("train",)


def read_npz(path: Path, split: str) -> Arrays:
    """Reads images and labels (None if there are none): x_train and y_train, or the one image array.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, holds no image array or several, or one that would have to be unpickled.
    """
    found = headers(path)
    if f"x_{split}" in found:
        image, labels = f"x_{split}", [f"y_{split}"]
    else:
        image, labels = _only_images(path, found), LABELS
    label = next((key for key in labels if key in found), None)
    if found[image][1].hasobject or label is not None and found[label][1].hasobject:
        raise ValueError(f"Expected plain arrays in '{path}'. Received: a pickle, which is never loaded")
    with _whole(path), np.load(path, allow_pickle=False) as arrays:
        return arrays[image], None if label is None else arrays[label]


def _only_images(path: Path, found: dict[str, Header]) -> str:
    candidates = [key for key, (shape, kind) in found.items() if len(shape) in (3, 4) and kind.kind in "buif"]
    if len(candidates) != 1:
        listed = ", ".join(
            f"{key} {'pickled, never loaded' if dtype.hasobject else f'{dtype} {shape}'}"
            for key, (shape, dtype) in found.items()
        )
        raise ValueError(
            f"Expected one array of images, [N, H, W] or [N, H, W, C], or x_train and x_test, in '{path}'. "
            f"Received {len(candidates)} among: {listed or 'no arrays'}. "
            "(vaezoo.data.from_arrays takes any array.)"
        )
    return candidates[0]


def is_published_sprites(path: Path) -> bool:
    """Whether an .npz has the layout of the published dSprites file."""
    return {"imgs", "latents_classes"} <= headers(path).keys()


def read_sprites(path: Path, grid: FactorGrid = sprites.GRID) -> npt.NDArray[np.uint8]:
    """Reads the published dSprites .npz, packing its bits as they come out of the archive.

    Neither its 2.8 GiB of pixels are ever in memory as bytes, nor is its pickled `metadata` read.

    Returns:
        [grid.size, 64, 8] uint8, as `sprites.draw`.

    Raises:
        ValueError: if the file is damaged, or is not the full grid of binary images in its order.
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
    with _whole(path):
        with np.load(path, allow_pickle=False) as arrays:
            classes = arrays["latents_classes"][:, 1:]  # without colour, which has one class
        if not np.array_equal(classes, grid.classes(np.arange(grid.size))):
            raise ValueError(f"Expected images in the published order in '{path}'. Received: another order")
        bits = sprites.empty_bits(grid.size)
        with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as stream:
            _header(stream)
            for start in range(0, grid.size, 4096):
                room = bits[start : start + 4096]
                pixels = np.frombuffer(_exactly(stream, 8 * room.size), np.uint8)
                if pixels.max() > 1:
                    raise ValueError(f"Expected pixels of 0 and 1 in '{path}'. Received: {pixels.max()}")
                room[:] = np.packbits(pixels.reshape(-1, sprites.SIZE, sprites.SIZE), axis=-1)
    return bits


def read_idx(path: Path, rank: int) -> npt.NDArray[np.uint8]:
    """Reads an idx file of bytes, the original format of MNIST, compressed (.gz) or not.

    Raises:
        ValueError: if the file is not an idx file of bytes of this rank, or is damaged.
    """
    with _whole(path), (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        magic = _exactly(stream, 4)
        if magic != bytes([0, 0, 8, rank]):
            raise ValueError(
                f"Expected '{path}' to be an idx file of bytes of rank {rank}, beginning with "
                f"0000080{rank}. Received: {magic.hex()}"
            )
        shape = np.frombuffer(_exactly(stream, 4 * rank), ">u4").tolist()
        return np.frombuffer(_exactly(stream, math.prod(shape)), np.uint8).reshape(shape)


def _exactly(stream, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError(f"{len(data)} bytes where {count} were due")
    return data
