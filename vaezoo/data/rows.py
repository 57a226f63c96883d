"""Images that stay in files and are read when a batch needs them, so that a set may be larger than the memory."""

import hashlib
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

STREAMED_FROM = 2**28  # bytes; smaller sets are read into memory
SAMPLED = 1024  # rows
PHI = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: its multiples fill an interval evenly, at no regular distances


class Rows:
    """N images that are read on demand. Subclasses define `read` and, where it helps, `identity`.

    Args:
        shape: (N, H, W, C).
        where: the file or folder, for error messages.

    Attributes:
        shape, where: the above.
        max_value: 255, or 1 if no sampled image has a pixel above 1. Reading an image that contradicts a 1 is an error.
    """

    def __init__(self, shape: Sequence[int], where: str):
        """Initializes the rows and samples them; `read` must work before."""
        self.shape = tuple(shape)
        self.where = where
        self.max_value = 255
        if self.read(sampled_indices(self.shape[0])[:64]).max() <= 1:
            self.max_value = 255 if self.read(sampled_indices(self.shape[0])).max() > 1 else 1

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Reads the images at valid `indices` [n], uint8 [n, H, W, C]. Threads call it at the same time."""
        raise NotImplementedError

    def identity(self) -> bytes:
        """Returns what distinguishes the set besides its sampled images, such as the names of all files."""
        return b""

    def checked(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Reads the images at `indices`, as `read`.

        Raises:
            ValueError: for a pixel above 1 in a set whose sampled images are binary, and as `read`.
        """
        rows = self.read(indices)
        if self.max_value == 1 and rows.max(initial=0) > 1:
            raise ValueError(
                f"Expected pixels of 0 and 1 in '{self.where}', as in its first sampled images. Received: {rows.max()}"
            )
        return rows

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the images at `indices` [n], uint8 [n, H, W, C], within a tf.data pipeline or eagerly."""
        if tf.executing_eagerly():
            return tf.constant(self.checked(indices.numpy()))
        rows = tf.numpy_function(self.checked, [indices], tf.uint8, stateful=False)
        return tf.ensure_shape(rows, [indices.shape[0], *self.shape[1:]])

    def digest(self) -> str:
        """Returns a BLAKE2b hash of the shape, `identity` and `SAMPLED` of the images, 32 hexadecimal digits.

        The sample depends on N only. It is all images of a set that has no more. A change of other images alone goes
        unnoticed: reading all of them would take minutes for sets of many gigabytes.
        """
        digest = hashlib.blake2b(repr(("sampled", self.shape, self.max_value)).encode(), digest_size=16)
        digest.update(self.identity())
        indices = sampled_indices(self.shape[0])
        for start in range(0, len(indices), 64):
            digest.update(np.ascontiguousarray(self.read(indices[start : start + 64])))
        return digest.hexdigest()


def sampled_indices(size: int) -> npt.NDArray[np.int64]:
    """Returns the indices of the images that stand for a set of `size` images: `SAMPLED` of them, or all."""
    if size <= SAMPLED:
        return np.arange(size)
    spread = {(number * PHI % 2**64) * size >> 64 for number in range(SAMPLED)}
    return np.array(sorted({0, size - 1} | spread))


class FileRows(Rows):
    """The rows of an uncompressed uint8 array within a file: a .npy, or a stored member of an .npz.

    They are read at their offsets (`os.pread`) rather than through a mapping of the file, so that neither a truncated
    file nor a failing disk ends the process, and read pages do not count as the process's memory.

    Args:
        path: the file.
        offset: of the first byte of the array.
        shape: of the array, [N, H, W] or [N, H, W, C].

    Raises:
        ValueError: if the file ends before the array does.
    """

    def __init__(self, path: Path, offset: int, shape: Sequence[int]):
        """Opens the file, which stays open as long as the object lives."""
        self.offset = offset
        self.file = path.open("rb", buffering=0)
        weakref.finalize(self, self.file.close)
        self.bytes_of_row = int(np.prod(shape[1:]))
        self.end = offset + shape[0] * self.bytes_of_row
        self.image_shape = tuple(shape[1:]) if len(shape) == 4 else (*shape[1:], 1)
        if os.fstat(self.file.fileno()).st_size < self.end:
            raise ValueError(f"Expected '{path}' to have {self.end:,} bytes at least. Received: a truncated file")
        super().__init__((shape[0], *self.image_shape), str(path))

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Reads rows, each run of consecutive ones at once.

        Raises:
            ValueError: if the file was truncated after it was opened.
            OSError: if reading fails.
        """
        rows = np.empty((len(indices), self.bytes_of_row), np.uint8)
        firsts = np.flatnonzero(np.diff(indices, prepend=-2) != 1)
        for first, last in zip(firsts, np.append(firsts, len(indices))[1:], strict=True):
            start = self.offset + int(indices[first]) * self.bytes_of_row
            self._fill(rows[first:last].reshape(-1), start)
        return rows.reshape(-1, *self.image_shape)

    def _fill(self, room: npt.NDArray[np.uint8], start: int) -> None:
        done = 0
        while done < len(room):
            read = os.pread(self.file.fileno(), min(len(room) - done, 2**24), start + done)
            if not read:
                raise ValueError(f"Expected '{self.where}' to have {self.end:,} bytes. Received: a truncated file")
            room[done : done + len(read)] = np.frombuffer(read, np.uint8)
            done += len(read)
