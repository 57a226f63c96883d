"""Guards for reading files of unknown origin: truncation, damage, and sizes that would exhaust memory."""

import contextlib
import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

LIMIT = "VAEZOO_MAX_BYTES"
# The published dSprites, which compresses better than other image sets, expands 113 times; deflate allows 1,032.
MAX_RATIO = 200
HARMLESS = 2**28


@contextlib.contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turns every way in which a compressed file shows that it is damaged into one error."""
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"Expected '{path}' to be a whole .npz or .gz file. Received: {error}") from error


def exactly(stream, count: int) -> bytes:
    """Reads `count` bytes.

    Raises:
        EOFError: if there are fewer.
    """
    data = stream.read(count)
    if len(data) != count:
        raise EOFError(f"{len(data)} bytes where {count} were due")
    return data


def check_bytes(path: Path, count: int, what: str) -> None:
    """Refuses a file whose arrays would take too much memory, before any of them is read.

    The limit is that of `check_memory` and, without VAEZOO_MAX_BYTES, `MAX_RATIO` times the file's size as well
    (256 MiB for small files), beyond which a file is a decompression bomb rather than images.

    Args:
        path: the file.
        count: bytes of the arrays once they are read, as the file's own headers claim.
        what: the arrays, for the error to name.

    Raises:
        ValueError: if `count` exceeds the limit, or VAEZOO_MAX_BYTES is not a number of bytes.
    """
    expanded = max(HARMLESS, MAX_RATIO * path.stat().st_size)
    if count > expanded and not os.environ.get(LIMIT):
        _refuse(path, count, what, expanded, f"{MAX_RATIO} times the file's size, or 256 MiB")
    check_memory(path, count, what)


def check_memory(path: Path, count: int, what: str) -> None:
    """Refuses images that would take too much memory, before any of them is read.

    The limit is VAEZOO_MAX_BYTES where the environment has it; otherwise half the machine's memory, because
    checking and storing images takes them twice. Arguments and errors as in `check_bytes`.
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
