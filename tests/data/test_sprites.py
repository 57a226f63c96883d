import numpy as np
import pytest

from vaezoo.data import load, sprites

MEAN_AREAS = {0: (92.2, 368.7), 1: (72.3, 289.3), 2: (56.1, 224.5)}  # published, smallest and largest scale


def unpack(bits):
    return np.unpackbits(bits, axis=-1)


def test_real_frames(real):
    with np.load(real("dsprites_gif.npz"), allow_pickle=False) as frames:
        drawn = sprites.draw(sprites.GRID.indices(frames["latents_classes"]))
        assert len(drawn) == 320
        np.testing.assert_array_equal(drawn, frames["images"])


def test_against_an_even_odd_rule_pixel_by_pixel():
    """Compares with a textbook crossing test of one pixel and one vertex at a time."""
    on_edges = [40968, 648645, 41216, 737049]  # pixel centres on an edge or level with a vertex
    for index in [*on_edges, *np.random.default_rng(0).integers(sprites.GRID.size, size=10)]:
        shape, scale, orientation, x, y = sprites.GRID.classes(index)
        angle, size = orientation * 2 * np.pi / 39, 0.5 + scale / 10
        centre = 64 * (0.25 + x / 31 / 2), 64 * (0.25 + y / 31 / 2)
        polygon = []
        for u, v in sprites.OUTLINES[shape].T:
            right = size * (u * np.cos(angle) + v * np.sin(angle)) + centre[0]
            down = size * (-u * np.sin(angle) + v * np.cos(angle)) + centre[1]
            polygon.append((np.floor(256 * right + 0.5) / 256, np.floor(256 * down + 0.5) / 256))
        expected = np.zeros((64, 64), np.uint8)
        for j in range(64):
            crossings = []
            for (a, b), (c, d) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
                if (b >= j + 0.5) != (d >= j + 0.5):
                    crossings.append(a + (j + 0.5 - b) * (c - a) / (d - b))
            for i in range(64):
                expected[j, i] = sum(i + 0.5 < crossing for crossing in crossings) % 2
        np.testing.assert_array_equal(unpack(sprites.draw([index]))[0], expected)


def test_against_matplotlib():
    """Compares with an independent rasteriser, which may differ where a pixel's centre lies on an edge."""
    path = pytest.importorskip("matplotlib.path")
    centres = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5), axis=-1).reshape(-1, 2)
    for shape, outline in enumerate(sprites.OUTLINES):
        index = sprites.GRID.indices([shape, 5, 7, 11, 23])
        angle = sprites.ANGLES[7]
        screen = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = 64 * (0.25 + np.array([11, 23]) / 62)
        polygon = np.floor(256 * ((screen @ outline).T + centre) + 0.5) / 256
        expected = path.Path(polygon).contains_points(centres).reshape(64, 64)
        assert np.count_nonzero(unpack(sprites.draw([index]))[0] != expected) <= 2


def test_frame_and_sense_of_rotation():
    """The heart has most of its area opposite its tip: above it, and left of it after a quarter turn."""

    def halves(orientation, x, y):
        (image,) = unpack(sprites.draw([sprites.GRID.indices([2, 5, orientation, x, y])]))
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        upper, left = image[: rows.mean().astype(int)].sum(), image[:, : columns.mean().astype(int)].sum()
        return rows.mean(), columns.mean(), upper / image.sum(), left / image.sum()

    row, column, upper, left = halves(0, x=0, y=31)
    assert row > 40 and column < 20 and upper > 0.55 and 0.4 < left < 0.6
    row, column, upper, left = halves(10, x=31, y=0)  # 92 degrees
    assert row < 24 and column > 40 and left > 0.55 and 0.4 < upper < 0.6


@pytest.mark.parametrize("shape", [0, 1, 2])
def test_scales_and_closing_orientation(shape):
    first, last = (sprites.GRID.indices([[shape, s, k, 5, 9] for s in range(6)]) for k in (0, 39))
    np.testing.assert_array_equal(sprites.draw(first), sprites.draw(last))
    areas = unpack(sprites.draw(first)).sum((1, 2))
    assert (np.diff(areas) > 0).all()


def test_any_order_and_repeats():
    indices = [700_000, 3, 3, 250_000, 3]
    one_by_one = np.concatenate([sprites.draw([index]) for index in indices])
    np.testing.assert_array_equal(sprites.draw(indices), one_by_one)


def test_the_whole_set():
    data = load("dsprites")
    bits = sprites.draw_all()
    assert data.size == len(bits) == 737_280 and data.image_shape == (64, 64, 1)
    assert data.origin.startswith("drawn") and data.factors is sprites.GRID and data.labels is None

    some = np.random.default_rng(1).integers(data.size, size=60)
    np.testing.assert_array_equal(bits[some], sprites.draw(some))
    np.testing.assert_array_equal(data.images(some)[..., 0], unpack(bits[some]))

    union = unpack(np.bitwise_or.reduce(bits, axis=0))
    for axis in (0, 1):
        np.testing.assert_array_equal(np.flatnonzero(union.any(axis)), np.arange(2, 62))

    ones = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.uint8)
    for shape, published in MEAN_AREAS.items():
        for scale, area in zip((0, 5), published, strict=True):
            start = sprites.GRID.indices([shape, scale, 0, 0, 0])
            assert ones[bits[start : start + 40 * 1024]].sum() / (40 * 1024) == pytest.approx(area, abs=0.05)

    assert load("dsprites").stored.shape == data.stored.shape  # drawn once per process:
    assert sprites.draw_all() is bits
    shared = np.asarray(memoryview(data.stored))
    assert shared.ctypes.data == bits.ctypes.data
