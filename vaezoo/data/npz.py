"""Reader of .npz files, which unpickles nothing and checks the headers of all arrays before it reads any array."""

import io
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from vaezoo.data.guards import check_bytes, exactly, whole

Header = tuple[tuple[int, ...], np.dtype]
Arrays = tuple[np.ndarray, np.ndarray | None]

LABELS = ("labels", "label", "y")
FACTORS = ("factors", "latents_classes")
SPRITES = ("color", "shape", "scale", "orientation", "x", "y")
LONGEST_HEADER = 10_000  # bytes; NumPy has the same limit but checks it after reading the header.


def headers(path: Path) -> dict[str, Header]:
    """Reads the shape and dtype of each array in an .npz, without reading the arrays.

    Returns:
        A dict from the key of each array to its (shape, dtype).

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if it is not a zip archive or is truncated, or if the header of an array is malformed or contradicts
            the size in the archive's directory.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected an .npz file. Received: '{path}', where there is none")
    with whole(path), zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        return {info.filename.removesuffix(".npy"): _checked_header(path, archive, info) for info in members}


def _checked_header(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Header:
    def fail(received: object):
        raise ValueError(
            f"Expected arrays in '{path}' as numpy.savez writes them. Received: `{info.filename}`, {received}"
        )

    # Python's zipfile bounds the memory of these two methods only.
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        fail("encrypted, or compressed by another method than deflate")
    with archive.open(info) as stream:
        try:
            shape, dtype = read_header(stream)
        except ValueError as error:
            fail(error)
        start = stream.tell()
    claimed = start + math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and (min(shape, default=0) < 0 or claimed != info.file_size):
        fail(f"{dtype} {shape}, {claimed:,} bytes, where the archive's directory says {info.file_size:,}")
    return shape, dtype


def read_header(stream: IO[bytes]) -> Header:
    """Reads the header of a .npy stream, up to the first byte of the array, as `read_layout` without the order."""
    shape, _, dtype = read_layout(stream)
    return shape, dtype


def read_layout(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Reads the header of a .npy stream, up to the first byte of the array.

    Returns:
        The shape, whether the order is Fortran's, and the dtype; object for what is never read.

    Raises:
        EOFError: if the stream ends within the header.
        ValueError: if the header is malformed or longer than `LONGEST_HEADER`.
    """
    magic = exactly(stream, np.lib.format.MAGIC_LEN)
    version = np.lib.format.read_magic(io.BytesIO(magic))
    size = exactly(stream, 2 if version == (1, 0) else 4)
    length = int.from_bytes(size, "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"a header of {length:,} bytes, where at most {LONGEST_HEADER:,} are read")
    header = io.BytesIO(size + exactly(stream, length))
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:  # Version 3 is for structured arrays, which are not images.
        return (), False, np.dtype(object)
    try:
        return read(header)
    except Exception as error:  # NumPy evaluates a Python literal; its parser raises errors of many types.
        raise ValueError(f"a malformed header ({type(error).__name__})") from error


def read_member(archive: zipfile.ZipFile, key: str) -> np.ndarray:
    """Reads one array of an open .npz, whose header `headers` has checked.

    `numpy.load` is not used because it may read another member for the same key ("images" in place of "images.npy"),
    which has not been checked.

    Raises:
        EOFError: if there is less data than the header says.
    """
    with archive.open(f"{key}.npy") as stream:
        try:
            return np.lib.format.read_array(stream, allow_pickle=False)
        except ValueError as error:  # The data are shorter than the size in the directory.
            raise EOFError(f"`{key}`, {error}") from error


def splits(path: Path) -> tuple[str, ...]:
    """Returns the splits in an .npz: those of x_train and x_test, as in Keras's mnist.npz, else only "train"."""
    keys = headers(path)
    return tuple(split for split in ("train", "test") if f"x_{split}" in keys) or ("train",)


def read_npz(path: Path, split: str) -> Arrays:
    """Reads the images of a split and their labels: x_train and y_train, or the only image array.

    Args:
        path: the .npz file.
        split: one of `splits(path)`.

    Returns:
        The images, and the labels or None.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if the file is damaged, or has no image array, several, a pickled one, or one that is too large (see
            `guards.check_bytes`).
    """
    image, labels = image_and_labels(path, split)
    images, *rest = read_arrays(path, [image, *labels])
    return images, rest[0] if rest else None


def image_and_labels(path: Path, split: str) -> tuple[str, list[str]]:
    """Returns the keys of the images of a split and, in a list of one or none, of their labels.

    Raises:
        FileNotFoundError, ValueError: as `read_npz`.
    """
    found = headers(path)
    if f"x_{split}" in found:
        image, labels = f"x_{split}", [f"y_{split}"]
    else:
        image, labels = _only_images(path, found), LABELS
    return image, [key for key in labels if key in found][:1]


def read_arrays(path: Path, keys: Sequence[str]) -> list[np.ndarray]:
    """Reads arrays of an .npz.

    Args:
        path: the .npz file.
        keys: of arrays that exist.

    Raises:
        ValueError: if the file is damaged, or one of the arrays is pickled, or they are too large together (see
            `guards.check_bytes`).
    """
    found = headers(path)
    if any(found[key][1].hasobject for key in keys):
        raise ValueError(f"Expected plain arrays in '{path}'. Received: a pickle, which is never loaded")
    count = sum(math.prod(shape) * dtype.itemsize for shape, dtype in map(found.get, keys))
    check_bytes(path, count, ", ".join(f"{key} {_described(*found[key])}" for key in keys))
    with whole(path), zipfile.ZipFile(path) as archive:
        return [read_member(archive, key) for key in keys]


def read_factors(path: Path) -> tuple[np.ndarray | None, list[str] | None]:
    """Reads the ground-truth factors of the images in an .npz.

    Returns:
        `factors`, or else `latents_classes` as in the published dSprites, [N, F], and `factor_names` or None. A
        `latents_classes` of 5 or 6 columns has the names of dSprites' factors. (None, None) without both.

    Raises:
        ValueError: as `read_arrays`.
    """
    found = headers(path)
    key = next((key for key in FACTORS if key in found), None)
    if key is None:
        return None, None
    names = ["factor_names"] if "factor_names" in found else []
    factors, *rest = read_arrays(path, [key, *names])
    if rest:
        return factors, [str(name) for name in np.ravel(rest[0])]
    sprites = key == "latents_classes" and factors.ndim == 2 and factors.shape[1] in (5, 6)
    return factors, list(SPRITES[-factors.shape[1] :]) if sprites else None


def _described(shape: tuple[int, ...], dtype: np.dtype) -> str:
    return "pickled, never loaded" if dtype.hasobject else f"{dtype} {shape}"


def _only_images(path: Path, found: dict[str, Header]) -> str:
    candidates = [key for key, (shape, kind) in found.items() if len(shape) in (3, 4) and kind.kind in "buif"]
    if len(candidates) != 1:
        listed = ", ".join(f"{key} {_described(*header)}" for key, header in found.items())
        raise ValueError(
            f"Expected one array of images, [N, H, W] or [N, H, W, C], or x_train and x_test, in '{path}'. "
            f"Received {len(candidates)} among: {listed or 'no arrays'}. "
            "(vaezoo.data.from_arrays takes any array.)"
        )
    return candidates[0]
