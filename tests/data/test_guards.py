"""Limits of the memory that a file may take, and how the environment sets them."""

import gzip

import numpy as np
import pytest

from vaezoo.data import files, guards, load, npz, sources, sprites

IMAGES = np.random.default_rng(0).integers(256, size=(12, 4, 5), dtype=np.uint8)


def idx(shape, content):
    return bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes() + content


def sized(path, count):
    """Creates a sparse file of `count` bytes."""
    with open(path, "wb") as file:
        file.truncate(count)
    return path


def test_the_environment_sets_the_limit(save, monkeypatch):
    path = save("mine.npz", images=IMAGES)
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "239")
    with pytest.raises(
        ValueError, match=r"at most 239 bytes .*\(VAEZOO_MAX_BYTES\).* 240 bytes.* VAEZOO_MAX_BYTES=240"
    ):
        load(path)
    for enough in ("240", ""):
        monkeypatch.setenv("VAEZOO_MAX_BYTES", enough)
        assert load(path).size == 12
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "4 GB")
    with pytest.raises(ValueError, match="VAEZOO_MAX_BYTES to be a number of bytes. Received: '4 GB'"):
        load(path)


@pytest.mark.parametrize(
    "on_disk, arrays, fits",
    [
        (8_500_000, 2 * 10**9, False),  # a decompression bomb
        (26_729_168, 3_019_898_880, True),  # the published dSprites, if it were read as any other .npz
        (255_000_000, 480_000 * 64 * 64 * 3, True),  # Shapes3D
        (1_000, 60_000 * 28 * 28, True),  # as many images as MNIST, all black
        (1_000, 2**28 + 1, False),
        (13 * 2**30, 13 * 2**30, False),  # not compressed, and more than half the memory
    ],
)
def test_what_fits_a_machine_of_24_gib(tmp_path, monkeypatch, on_disk, arrays, fits):
    monkeypatch.setattr(guards.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 6 * 2**20}.get)
    path = sized(tmp_path / "file.npz", on_disk)
    if fits:
        guards.check_bytes(path, arrays, "images")
    else:
        with pytest.raises(ValueError, match=r"Received: images, [\d,]+ bytes"):
            guards.check_bytes(path, arrays, "images")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_an_idx_file_that_claims_too_much(tmp_path, ending):
    content = idx((2**32 - 1, 4096, 4096), bytes(10))
    path = tmp_path / f"images{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    with pytest.raises(ValueError, match=r"at most 268,435,456 bytes .* Received: uint8 \(4294967295, 4096, 4096\)"):
        files.read_idx(path, rank=3)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_an_idx_file_that_holds_more_than_it_claims(tmp_path, ending):
    """Data beyond the size in the header are not decompressed."""
    content = idx(IMAGES.shape, IMAGES.tobytes() + b"x")
    path = tmp_path / f"images{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    with pytest.raises(ValueError, match=r"to end after uint8 \(12, 4, 5\), as its header says. Received: more bytes"):
        files.read_idx(path, rank=3)


@pytest.mark.parametrize("place", [-8, -1])
def test_the_checksum_and_length_of_a_gz_are_compared(tmp_path, place):
    content = bytearray(gzip.compress(idx(IMAGES.shape, IMAGES.tobytes())))
    content[place] ^= 0xFF
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="to be a whole"):
        files.read_idx(path, rank=3)


def test_published_sprites_are_not_limited(save, monkeypatch):
    """Their pixels are packed while they are read and are never in memory as bytes."""
    grid = sprites.FactorGrid(sprites.GRID.names, (3, 1, 1, 1, 1))
    classes = np.insert(grid.classes(np.arange(3)), 0, 0, axis=1)
    path = save(sources.PUBLISHED_SPRITES, imgs=np.ones((3, 64, 64), np.uint8), latents_classes=classes)
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "1")
    assert files.read_sprites(path, grid).min() == 255
    with pytest.raises(ValueError, match="at most 1 bytes"):
        npz.read_npz(path, "train")
