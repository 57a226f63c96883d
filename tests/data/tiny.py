"""Small images, labels and grids of sprites for tests."""

import numpy as np

from vaezoo.data import FactorGrid, sprites

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(12, 4, 5), dtype=np.uint8)
LABELS = np.arange(12) % 10

# A grid of 48 images that replaces dSprites.
SMALL = FactorGrid(sprites.GRID.names, (3, 2, 2, 2, 2))
PIXELS = RNG.integers(2, size=(48, 64, 64), dtype=np.uint8)
COLOURED = np.insert(SMALL.classes(np.arange(48)), 0, 0, axis=1)


def same(data, images=IMAGES, labels=LABELS):
    np.testing.assert_array_equal(np.rint(255 * data.images(np.arange(data.size))[..., 0]), images)
    if labels is None:
        assert data.labels is None
    else:
        np.testing.assert_array_equal(data.labels, labels)
    return True
