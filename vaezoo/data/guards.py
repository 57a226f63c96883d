"""Guards for reading untrusted files: against truncation, damage, and sizes that would exhaust memory."""

import contextlib
import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LIMIT = "VAEZOO_MAX_BYTES"
# The published dSprites expands 113 times, more than other image sets; deflate allows 1,032 times.
MAX_RATIO = 200
HARMLESS = 2**28  # bytes, allowed for files of any size


@contextlib.contextmanager
def whole(path: Path) -> Iterator[None]:
    """Converts the errors that a damaged compressed file causes to one kind of error.

    Raises:
        ValueError: if the block raises an error of zipfile, gzip or zlib, or EOFError.
    """
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"Expected '{path}' to be a whole .npz or .gz file. Received: {error}") from error


def exactly(stream: IO[bytes], count: int) -> bytes:
    """Reads `count` bytes.

    Raises:
        EOFError: if the stream has fewer.
    """
    data = stream.read(count)
    if len(data) != count:
        raise EOFError(f"{len(data)} bytes where {count} were due")
    return data


def check_bytes(path: Path, count: int, what: str) -> None:
    """Checks the size that the arrays of a file claim, before any of them is read.

    The limits are that of `check_memory` and, unless VAEZOO_MAX_BYTES is set, `MAX_RATIO` times the file's size (for
    small files 256 MiB), which only decompression bombs exceed.

    Args:
        path: the file.
        count: the size of the arrays in bytes, as the file's own headers claim.
        what: a description of the arrays, for the error message.

    Raises:
        ValueError: if `count` exceeds the limit, or VAEZOO_MAX_BYTES is not a number of bytes.
    """
    expanded = max(HARMLESS, MAX_RATIO * path.stat().st_size)
    if count > expanded and not os.environ.get(LIMIT):
        _refuse(path, count, what, expanded, f"{MAX_RATIO} times the file's size, or 256 MiB")
    check_memory(path, count, what)


def check_memory(path: Path, count: int, what: str) -> None:
    """Checks that images fit into memory, before any of them is read.

    The limit is the environment's VAEZOO_MAX_BYTES. By default it is half the machine's memory, because checking and
    storing images needs two copies of them.

    Args:
        path: the file or folder.
        count: the size of the images in bytes.
        what: a description of the images, for the error message.

    Raises:
        ValueError: if `count` exceeds the limit, or VAEZOO_MAX_BYTES is not a number of bytes.
    """
    given = os.environ.get(LIMIT)
    if given and not (given.isascii() and given.isdigit()):
        raise ValueError(f"Expected the environment's {LIMIT} to be a number of bytes. Received: '{given}'")
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    limit, reason = (int(given), LIMIT) if given else (half, "half of this machine's memory")
    if count > limit:
        _refuse(path, count, what, limit, reason)


def _refuse(path: Path, count: int, what: str, limit: int, reason: str) -> None:
    raise ValueError(
        f"Expected at most {limit:,} bytes of arrays in '{path}' ({reason}). Received: {what}, {count:,} bytes. "
        f"If you trust the file, set the environment's {LIMIT}={count}"
    )
