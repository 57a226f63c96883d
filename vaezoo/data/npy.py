"""Arrays that are read in place: .npy files, and members of an .npz that are stored without compression."""

import math
import zipfile
from pathlib import Path

import numpy as np

from vaezoo.data import rows
from vaezoo.data.guards import check_memory
from vaezoo.data.npz import read_layout
from vaezoo.data.rows import FileRows


def is_streamed(shape: tuple[int, ...], dtype: np.dtype, fortran: bool = False, streamed: bool | None = None) -> bool:
    """Returns whether an uncompressed array of images is read in place rather than into memory.

    Args:
        shape: of the array.
        dtype: of the array; only uint8 can be read in place.
        fortran: whether its order is Fortran's, in which images are not contiguous.
        streamed: True wherever it can be, False nowhere, None from `rows.STREAMED_FROM` bytes on.
    """
    possible = dtype == np.uint8 and len(shape) in (3, 4) and not fortran and 0 not in shape
    return possible and (math.prod(shape) > rows.STREAMED_FROM if streamed is None else streamed)


def read_npy(path: Path, streamed: bool | None = None) -> np.ndarray | FileRows:
    """Reads the images in a .npy file.

    Args:
        path: the file.
        streamed: as of `is_streamed`.

    Returns:
        The array, or rows that are read on demand.

    Raises:
        ValueError: if the file is damaged, truncated or pickled, or too large to be read into memory.
    """
    with path.open("rb") as stream:
        try:
            shape, fortran, dtype = read_layout(stream)
        except (ValueError, EOFError) as error:
            raise ValueError(f"Expected '{path}' to be a .npy file. Received: {error}") from error
        if dtype.hasobject:
            raise ValueError(f"Expected a plain array in '{path}'. Received: a pickle, which is never loaded")
        offset, claimed = stream.tell(), math.prod(shape) * dtype.itemsize
    if offset + claimed != path.stat().st_size:
        raise ValueError(
            f"Expected '{path}' to have {offset + claimed:,} bytes, those of {dtype} {shape}. "
            f"Received: {path.stat().st_size:,} bytes"
        )
    if is_streamed(shape, dtype, fortran, streamed):
        return FileRows(path, offset, shape)
    check_memory(path, claimed, f"{dtype} {shape}")
    return np.load(path, allow_pickle=False)


def stored_member(path: Path, key: str, streamed: bool | None = None) -> FileRows | None:
    """Returns the rows of an array in an .npz, to be read on demand. The checksum of the archive is not verified.

    Args:
        path: the .npz file, whose headers `npz.headers` has checked.
        key: of an array that exists.
        streamed: as of `is_streamed`.

    Returns:
        The rows, or None if the array is compressed or is not to be streamed.

    Raises:
        ValueError: if the file is truncated.
    """
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{key}.npy")
        with archive.open(info) as stream:
            shape, fortran, dtype = read_layout(stream)
            start = stream.tell()
    if info.compress_type != zipfile.ZIP_STORED or not is_streamed(shape, dtype, fortran, streamed):
        return None
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)  # of the lengths of the name and the extra field, each of 2 bytes
        name, extra = np.frombuffer(file.read(4), "<u2")
    return FileRows(path, info.header_offset + 30 + int(name) + int(extra) + start, shape)
