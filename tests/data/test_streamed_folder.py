"""Folders of images that are decoded batch by batch."""

import numpy as np
import pytest
import tensorflow as tf

from vaezoo.data import load, rows
from vaezoo.data.picture_headers import shape_of

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(40, 4, 6, 3), dtype=np.uint8)


def png(image):
    return tf.io.encode_png(image).numpy()


@pytest.fixture
def folder(tmp_path):
    for n, image in enumerate(IMAGES):
        path = tmp_path / "set" / f"class{n % 3}" / f"{n:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    return tmp_path / "set"


def test_the_batches_are_those_of_the_images_in_memory(folder):
    memory, data = load(folder), load(folder, streamed=True)
    assert isinstance(data.stored, rows.Rows) and not isinstance(memory.stored, rows.Rows)
    assert (data.size, data.image_shape, data.origin) == (40, (4, 6, 3), "folder set, 40 files")
    np.testing.assert_array_equal(data.labels, memory.labels)
    pairs = (d.batches(8, seed=1, steps=12, labels=True).as_numpy_iterator() for d in (memory, data))
    for (x, label), (y, other) in zip(*pairs, strict=True):
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(label, other)
    resumed = next(data.batches(8, seed=1, start_step=9, steps=1).as_numpy_iterator())
    np.testing.assert_array_equal(resumed, list(memory.batches(8, seed=1, steps=12).as_numpy_iterator())[9])


def test_large_folders_are_not_decoded_at_once(folder, monkeypatch):
    monkeypatch.setattr(rows, "STREAMED_FROM", IMAGES.nbytes - 1)
    assert isinstance(load(folder).stored, rows.Rows)
    assert not isinstance(load(folder, streamed=False).stored, rows.Rows)


def test_digest(folder):
    first = load(folder, streamed=True).digest
    assert first == load(f"{folder}/", streamed=True).digest
    path = folder / "class0" / "000.png"
    path.rename(folder / "class0" / "000b.png")
    renamed = load(folder, streamed=True).digest
    (folder / "class0" / "000b.png").write_bytes(png(IMAGES[0] ^ 1))
    assert len({first, renamed, load(folder, streamed=True).digest}) == 3


def test_sizes_are_checked_from_headers(folder, monkeypatch):
    (folder / "class1" / "odd.png").write_bytes(png(IMAGES[0][:3]))
    decoded = []
    decode = tf.io.decode_image
    monkeypatch.setattr(tf.io, "decode_image", lambda *a, **o: decoded.append(a) or decode(*a, **o))
    with pytest.raises(ValueError, match=r"one size in .* \(4, 6, 3\) in 'class0/000.png', \(3, 6, 3\) in 'class1/odd"):
        load(folder, streamed=True)
    assert len(decoded) == 1


def test_a_damaged_file_is_named_when_it_is_read(folder):
    """Its header is whole, so that it is found when it is decoded; one without a header is found at once."""
    data = load(folder, streamed=True)
    path = folder / "class2" / "002.png"
    path.write_bytes(png(IMAGES[2])[:60])
    number = data.stored.paths.index("class2/002.png")
    with pytest.raises(ValueError, match="Expected '.*002.png' to be a PNG or JPEG image. Received: "):
        data.images([number])
    path.write_bytes(png(IMAGES[2][:2]))
    with pytest.raises(ValueError, match=r"Expected an image of \(4, 6, 3\) in '.*002.png'. Received: \(2, 6, 3\)"):
        data.images([number])
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="Expected '.*002.png' to be a PNG or JPEG image. Received: "):
        load(folder, streamed=True)


def palette(transparent):
    """A PNG of 5 x 3 pixels with a palette, chunk by chunk, as TensorFlow does not write it."""
    import struct
    import zlib

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 3, 8, 3, 0, 0, 0)), chunk(b"PLTE", bytes(range(12)))]
    parts += [chunk(b"tRNS", b"\x00\xff")] if transparent else []
    parts += [chunk(b"IDAT", zlib.compress(b"\x00\x00\x01\x02\x03\x00" * 3)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded():
    image = RNG.integers(256, size=(7, 5, 4), dtype=np.uint8)
    for channels in (1, 2, 3, 4):
        yield png(image[..., :channels])
    yield png(image[..., :1].astype(np.uint16) * 256)
    for options in ({}, {"progressive": True}, {"xmp_metadata": "x" * 999}, {"chroma_downsampling": False}):
        yield tf.io.encode_jpeg(image[..., :3], **options).numpy()
    yield tf.io.encode_jpeg(image[..., :1]).numpy()
    yield palette(False)
    yield palette(True)


@pytest.mark.parametrize("content", encoded())
def test_headers_say_what_decoding_gives(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert shape_of(path) == tuple(tf.io.decode_image(content, expand_animations=False).shape)
    path.write_bytes(content[:20])
    assert shape_of(path) is None


def test_what_is_no_image_has_no_shape(tmp_path):
    path = tmp_path / "a"
    for content in (b"", b"no image at all", b"\xff\xd8 no marker", b"\xff\xd8\xff\xd9" * 3):
        path.write_bytes(content)
        assert shape_of(path) is None
