"""TFDS's sets with ground-truth factors, and sets with random access."""

import numpy as np
import pytest
from test_tfds_reader import prepare
from tiny import IMAGES

from vaezoo.data import FactorGrid, FactorTable, load, rows, shapes3d, sprites, tfds_reader

FORMATS = ("tfrecord", "array_record")
GRID = FactorGrid(shapes3d.FACTORS, (2, 2, 3, 2, 2, 2))
CLASSES = GRID.classes(np.arange(GRID.size))
RNG = np.random.default_rng(0)
COLOURED = RNG.integers(256, size=(GRID.size, 4, 5, 3), dtype=np.uint8)


def prepare_tiny(folder, file_format):
    prepare(
        folder,
        "tiny",
        lambda kind: {"image": kind.Image(shape=(4, 5, 1)), "label": kind.ClassLabel(num_classes=12)},
        [{"image": image[..., None], "label": n} for n, image in enumerate(IMAGES)],
        file_format,
    )


def prepare_shapes3d(folder, file_format):
    prepare(
        folder,
        "shapes3d",
        lambda kind: {
            "image": kind.Image(shape=(4, 5, 3)),
            **{f"label_{name}": kind.ClassLabel(num_classes=3) for name in shapes3d.FACTORS},
            **{f"value_{name}": kind.Tensor(shape=[], dtype=np.float32) for name in shapes3d.FACTORS},
        },
        [
            {
                "image": image,
                **{f"label_{name}": c for name, c in zip(shapes3d.FACTORS, classes, strict=True)},
                **{f"value_{name}": c / 10 for name, c in zip(shapes3d.FACTORS, classes, strict=True)},
            }
            for image, classes in zip(COLOURED, CLASSES.tolist(), strict=True)
        ],
        file_format,
    )


@pytest.mark.parametrize("streamed", [False, True])
def test_random_access_gives_the_images_of_the_other_format(tmp_path, streamed):
    for file_format in FORMATS:
        (tmp_path / file_format).mkdir()
        prepare_tiny(tmp_path / file_format, file_format)
    expected, data = (load("tfds:tiny", data_dir=tmp_path / f, streamed=streamed) for f in FORMATS)
    assert isinstance(data.stored, rows.Rows) == streamed and not isinstance(expected.stored, rows.Rows)
    np.testing.assert_array_equal(data.labels, expected.labels)
    pairs = (d.batches(4, seed=1, steps=7).as_numpy_iterator() for d in (expected, data))
    for x, y in zip(*pairs, strict=True):
        np.testing.assert_array_equal(x, y)
    resumed = next(data.batches(4, seed=1, start_step=5, steps=1).as_numpy_iterator())
    np.testing.assert_array_equal(resumed, list(data.batches(4, seed=1, steps=7).as_numpy_iterator())[5])


def test_large_sets_with_random_access_are_streamed(tmp_path, monkeypatch):
    prepare_tiny(tmp_path, "array_record")
    assert not isinstance(load("tfds:tiny", data_dir=tmp_path).stored, rows.Rows)
    monkeypatch.setattr(rows, "STREAMED_FROM", 239)
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "100")
    data = load("tfds:tiny", data_dir=tmp_path)
    assert isinstance(data.stored, rows.Rows) and data.digest == load("tfds:tiny", data_dir=tmp_path).digest


@pytest.mark.parametrize("file_format", FORMATS)
def test_shapes3d_is_in_the_published_order(tmp_path, monkeypatch, file_format):
    monkeypatch.setattr(shapes3d, "GRID", GRID)
    prepare_shapes3d(tmp_path, file_format)
    for name in ("shapes3d", "tfds:shapes3d"):
        data = load(name, data_dir=tmp_path)
        assert data.factors is GRID and data.origin == "TFDS shapes3d 1.2.0" and data.labels is None
        np.testing.assert_array_equal(np.rint(255 * data.images(range(GRID.size))), COLOURED)


def test_streamed_shapes3d_keeps_the_order_of_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes3d, "GRID", GRID)
    prepare_shapes3d(tmp_path, "array_record")
    data = load("shapes3d", data_dir=tmp_path, streamed=True)
    assert isinstance(data.factors, FactorTable) and data.factors.complete
    images = data.images(data.factors.indices(CLASSES))
    np.testing.assert_array_equal(np.rint(255 * images), COLOURED)
    first, second = next(data.pairs(8, k=1, seed=0, steps=1).as_numpy_iterator())
    assert first.shape == second.shape == (8, 4, 5, 3)


@pytest.mark.parametrize("file_format, streamed", [("tfrecord", None), ("array_record", True)])
def test_smallnorb(tmp_path, file_format, streamed):
    n = 20
    classes = np.stack([np.arange(n) % 5, np.arange(n) % 9, np.arange(n) % 18, np.arange(n) % 6], axis=1)
    images = RNG.integers(256, size=(n, 96, 96, 1), dtype=np.uint8)
    names = ("label_category", "label_elevation", "label_azimuth", "label_lighting")
    prepare(
        tmp_path,
        "smallnorb",
        lambda kind: {
            "image": kind.Image(shape=(96, 96, 1)),
            "image2": kind.Image(shape=(96, 96, 1)),
            "instance": kind.ClassLabel(num_classes=10),
            **{name: kind.ClassLabel(num_classes=size) for name, size in zip(names, (5, 9, 18, 6), strict=True)},
        },
        [
            {"image": i, "image2": 255 - i, "instance": 4, **dict(zip(names, c, strict=True))}
            for i, c in zip(images, classes.tolist(), strict=True)
        ],
        file_format,
    )
    small, data = (load(name, data_dir=tmp_path, streamed=streamed) for name in ("smallnorb", "tfds:smallnorb"))
    assert isinstance(data.stored, rows.Rows) == bool(streamed)
    assert small.image_shape == (64, 64, 1) and data.image_shape == (96, 96, 1)
    assert data.factors.names == ("category", "elevation", "azimuth", "lighting") and data.factors.values[2][1] == 20
    np.testing.assert_array_equal(np.rint(255 * data.images(data.factors.indices(classes))), images)
    np.testing.assert_array_equal(data.labels, data.factors.classes(range(n))[:, 0])


def test_other_pixels_than_bytes_have_no_random_access(tmp_path):
    image = np.full((4, 5, 1), 60_000, np.uint16)
    features = lambda kind: {"image": kind.Image(shape=(4, 5, 1), dtype=np.uint16)}  # noqa: E731
    prepare(tmp_path, "deep", features, [{"image": image}] * 3, "array_record")
    with pytest.raises(ValueError, match="Expected uint8 images in 'deep/1.2.0', .* Received: uint16"):
        load("tfds:deep", data_dir=tmp_path)


def test_sprites_with_random_access(tmp_path):
    grid = FactorGrid(sprites.GRID.names, (1, 1, 1, 2, 3))
    pixels = RNG.integers(2, size=(6, 64, 64, 1), dtype=np.uint8)
    names = [f"label_{name}" for name in ("shape", "scale", "orientation", "x_position", "y_position")]
    prepare(
        tmp_path,
        "dsprites",
        lambda kind: {
            "image": kind.Image(shape=(64, 64, 1)),
            **{name: kind.ClassLabel(num_classes=3) for name in names},
        },
        [
            {"image": image, **dict(zip(names, c, strict=True))}
            for image, c in zip(pixels, grid.classes(range(6)).tolist(), strict=True)
        ],
        "array_record",
    )
    bits = tfds_reader.read_sprites(tmp_path / "dsprites" / "1.2.0", grid)
    np.testing.assert_array_equal(bits, np.packbits(pixels[..., 0], axis=-1))
