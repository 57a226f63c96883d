"""The shape of PNG and JPEG images from their headers, without decoding them."""

from pathlib import Path
from typing import IO

from vaezoo.data.guards import exactly

CHANNELS_OF_PNG = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type; a palette's colours are RGB
FRAMES_OF_JPEG = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


def shape_of(path: Path) -> tuple[int, int, int] | None:
    """Reads (H, W, C) as `tf.io.decode_image` would decode a file.

    Returns:
        The shape, or None for a file that is no PNG and no JPEG image or ends within its header.
    """
    with path.open("rb") as stream:
        try:
            start = exactly(stream, 8)
            if start == b"\x89PNG\r\n\x1a\n":
                return _png(stream)
            if start[:2] == b"\xff\xd8":
                stream.seek(2)
                return _jpeg(stream)
        except EOFError:
            pass
    return None


def _png(stream: IO[bytes]) -> tuple[int, int, int] | None:
    header = exactly(stream, 25)  # length, "IHDR", width, height, depth, colour type, three bytes, checksum
    width, height, colours = _integer(header[8:12]), _integer(header[12:16]), header[17]
    channels = CHANNELS_OF_PNG.get(colours)
    while colours == 3:  # A palette with transparency is decoded as RGBA.
        length, kind = _integer(exactly(stream, 4)), exactly(stream, 4)
        if kind in (b"IDAT", b"tRNS"):
            channels = 4 if kind == b"tRNS" else channels
            break
        stream.seek(length + 4, 1)
    return (height, width, channels) if channels and header[4:8] == b"IHDR" else None


def _jpeg(stream: IO[bytes]) -> tuple[int, int, int] | None:
    while True:
        if exactly(stream, 1) != b"\xff":
            return None
        marker = 0xFF
        while marker == 0xFF:  # Any number of these may come before a marker.
            marker = exactly(stream, 1)[0]
        if marker in WITHOUT_LENGTH:
            continue
        length = _integer(exactly(stream, 2))
        if marker in FRAMES_OF_JPEG:
            frame = exactly(stream, 6)  # depth, height, width, components
            return _integer(frame[1:3]), _integer(frame[3:5]), min(frame[5], 3)
        stream.seek(length - 2, 1)


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "big")
