"""dSprites, 737,280 binary images of 64 x 64 pixels, drawn in process.

The published images were rasterised from vector outlines without antialiasing, so that they can be reproduced. The
constants below were fitted to published images, and reproduce every image that was compared, pixel for pixel. The axes
of the ellipse are known to about 0.002 px only; `vaezoo.data.load` therefore prefers a published copy.

Coordinates: x to the right, y down; the pixel in column i and row j has its centre at (i + 1/2, j + 1/2).

References:
    Matthey et al. 2017, "dSprites: Disentanglement testing Sprites dataset".
"""

import functools

import numpy as np
import numpy.typing as npt

from vaezoo.data.factors import FactorGrid

SIZE = 64
SCALES = np.linspace(0.5, 1, 6)
ANGLES = 2 * np.pi * np.arange(40) / 39  # radians; the last repeats the first, as in the published set
POSITIONS = np.arange(32) / 31
GRID = FactorGrid(
    names=("shape", "scale", "orientation", "x", "y"),
    sizes=(3, 6, 40, 32, 32),
    values=((1, 2, 3), SCALES, ANGLES, POSITIONS, POSITIONS),  # shape 1 square, 2 ellipse, 3 heart
)


def _outlines() -> list[npt.NDArray[np.float64]]:
    """Returns the outlines of square, ellipse and heart at scale 1: vertices [2, V] in px from the sprite's centre."""
    L = 0.3 * SIZE
    square = L / 2 * np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]])
    t = 2 * np.pi * np.arange(100) / 100
    ellipse = np.array([L / 2 * 1.33 * np.cos(t), L / 2 / 1.33 * np.sin(t)])
    t = 2 * np.pi * np.arange(150) / 150
    X = 16 * np.sin(t) ** 3
    Y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    heart = np.array([L * X / 32, L * (-Y / 29 - 0.075)])
    return [square, ellipse, heart]


OUTLINES = _outlines()
CENTRES = SIZE * (1 / 4 + POSITIONS[:, None] / 2)  # [32, 1]
ROWS = np.arange(SIZE)[:, None] + 0.5  # [64, 1]
# FIRST[c] is a row of pixels of which the first c are 1, as one 64-bit word in the bit order of np.packbits.
FIRST = np.packbits(np.tri(SIZE + 1, SIZE, -1, dtype=np.uint8), axis=1).view(np.uint64)[:, 0]


def _pose(shape: int, scale: int, orientation: int) -> npt.NDArray[np.uint64]:
    """Draws one pose at all positions: 64-bit words [32 x, 32 y, 64 rows], one pixel per bit.

    Even-odd rule: row y crosses the edge A -> B at x if (A_y >= y) != (B_y >= y), and a pixel is inside if an odd
    number of crossings lies to the right of its centre. A row is therefore the XOR, over its crossings, of "all pixels
    left of x". The rounded A_x depends on the sprite's x only and A_y on its y only, so that the crossed edges are the
    same for all 32 columns.
    """
    cos, sin = np.cos(ANGLES[orientation]), np.sin(ANGLES[orientation])
    x, y = SCALES[scale] * OUTLINES[shape]
    A_x = np.floor(256 * (x * cos + y * sin + CENTRES) + 0.5) / 256  # [32, V]
    A_y = np.floor(256 * (y * cos - x * sin + CENTRES) + 0.5) / 256
    B_x, B_y = np.roll(A_x, -1, axis=1), np.roll(A_y, -1, axis=1)

    below = A_y[:, None] >= ROWS  # [32 y, 64, V]
    position, row, edge = np.nonzero(below != np.roll(below, -1, axis=2))  # H crossings, row by row
    a_y, b_y = A_y[position, edge], B_y[position, edge]
    a_x, b_x = A_x[:, edge], B_x[:, edge]  # [32 x, H]
    # In this order only the division rounds, so that a centre exactly on an edge remains on it.
    cut = a_x + (row + 0.5 - a_y) * (b_x - a_x) / (b_y - a_y)
    words = FIRST[np.clip(np.ceil(cut - 0.5), 0, SIZE).astype(np.intp)]

    line = position * SIZE + row
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    image = np.zeros((32, 32 * SIZE), np.uint64)
    image[:, line[starts]] = np.bitwise_xor.reduceat(words, starts, axis=1)
    return image.reshape(32, 32, SIZE)


def draw(indices: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Draws images by their indices.

    Args:
        indices: [n] integers in `0 ... GRID.size - 1`.

    Returns:
        uint8 [n, 64, 8], eight pixels per byte; `np.unpackbits(..., axis=-1)` gives the pixels [n, 64, 64], 0 or 1.
    """
    classes = GRID.classes(indices)
    poses, which = np.unique(classes[:, :3], axis=0, return_inverse=True)
    images = np.empty((len(classes), SIZE), np.uint64)
    for number, pose in enumerate(poses):
        chosen = np.flatnonzero(which.ravel() == number)
        images[chosen] = _pose(*pose)[classes[chosen, 3], classes[chosen, 4]]
    return images.view(np.uint8).reshape(-1, SIZE, SIZE // 8)


@functools.cache
def draw_all() -> npt.NDArray[np.uint8]:
    """Draws the whole set, uint8 [737280, 64, 8] as by `draw`, once per process.

    The 360 MiB are cached and must not be modified.
    """
    bits = empty_bits(GRID.size)
    poses = bits.view(np.uint64).reshape(*GRID.sizes, SIZE)
    for pose in np.ndindex(*GRID.sizes[:3]):
        poses[pose] = _pose(*pose)
    return bits


def empty_bits(n: int) -> npt.NDArray[np.uint8]:
    """Allocates n packed images, uint8 [n, 64, 8], aligned so that TensorFlow can share the memory."""
    room = np.empty(n * SIZE * SIZE // 8 + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + n * SIZE * SIZE // 8].reshape(n, SIZE, SIZE // 8)
