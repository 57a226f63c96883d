"""dSprites (Matthey et al. 2017), drawn in process: 737,280 binary images of 64 x 64.

The published set was drawn from vector outlines without antialiasing, so it can be drawn again.
The constants below were fitted to real frames of the set and reproduce all that were at hand,
pixel for pixel. The ellipse's axes are known to about 0.002 px only, so a published copy, where
there is one, is preferred to the drawing (`vaezoo.data.load`).

Frame: x to the right, y down; the pixel in column i and row j has its centre at (i + 1/2, j + 1/2).
"""

import functools

import numpy as np
import numpy.typing as npt

from vaezoo.data.factors import FactorGrid

SIZE = 64
SCALES = np.linspace(0.5, 1, 6)
ANGLES = 2 * np.pi * np.arange(40) / 39  # the last repeats the first, as in the published set
POSITIONS = np.arange(32) / 31
GRID = FactorGrid(
    names=("shape", "scale", "orientation", "x", "y"),
    sizes=(3, 6, 40, 32, 32),
    values=((1, 2, 3), SCALES, ANGLES, POSITIONS, POSITIONS),  # shape 1 square, 2 ellipse, 3 heart
)


def _outlines() -> list[npt.NDArray[np.float64]]:
    """Square, ellipse and heart at scale 1: vertices [2, V] in px about the sprite's centre."""
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
# FIRST[c] is a row of pixels whose first c are 1: 64 bits in one word, in the bit order of np.packbits.
FIRST = np.packbits(np.tri(SIZE + 1, SIZE, -1, dtype=np.uint8), axis=1).view(np.uint64)[:, 0]


def _pose(shape: int, scale: int, orientation: int) -> npt.NDArray[np.uint64]:
    """Draws one pose at all positions: words [32 x, 32 y, 64 rows], a pixel per bit.

    Even-odd rule: row y crosses the edge A -> B at x where (A_y >= y) != (B_y >= y), and a pixel is
    inside if an odd number of crossings lies to the right of its centre; the row is the XOR over its
    crossings of "all pixels left of x". Rounded vertices depend on one position each, A_x on the
    sprite's x and A_y on its y, so the edges crossed are found once for all 32 columns.
    """
    cos, sin = np.cos(ANGLES[orientation]), np.sin(ANGLES[orientation])
    x, y = SCALES[scale] * OUTLINES[shape]
    A_x = np.floor(256 * (x * cos + y * sin + CENTRES) + 0.5) / 256  # [32, V]
    A_y = np.floor(256 * (y * cos - x * sin + CENTRES) + 0.5) / 256
    B_x, B_y = np.roll(A_x, -1, axis=1), np.roll(A_y, -1, axis=1)

    below = A_y[:, None] >= ROWS  # [32 y, 64, V]
    position, row, edge = np.nonzero(below != np.roll(below, -1, axis=2))  # the H crossings, row by row
    a_y, b_y = A_y[position, edge], B_y[position, edge]
    a_x, b_x = A_x[:, edge], B_x[:, edge]  # [32 x, H]
    # In this order the division alone can round: a centre exactly on an edge stays exactly on it.
    cut = a_x + (row + 0.5 - a_y) * (b_x - a_x) / (b_y - a_y)
    words = FIRST[np.clip(np.ceil(cut - 0.5), 0, SIZE).astype(np.intp)]

    line = position * SIZE + row
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    image = np.zeros((32, 32 * SIZE), np.uint64)
    image[:, line[starts]] = np.bitwise_xor.reduceat(words, starts, axis=1)
    return image.reshape(32, 32, SIZE)


def draw(indices: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Draws some of the images.

    Args:
        indices: [n] integers in `0 ... GRID.size - 1`.

    Returns:
        [n, 64, 8] uint8, eight pixels to a byte: `np.unpackbits(..., axis=-1)` is [n, 64, 64] of 0 and 1.
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
    """Draws the whole set, once a process: [737280, 64, 8] uint8 as `draw`, 360 MiB. Not to be written to."""
    bits = empty_bits(GRID.size)
    poses = bits.view(np.uint64).reshape(*GRID.sizes, SIZE)
    for pose in np.ndindex(*GRID.sizes[:3]):
        poses[pose] = _pose(*pose)
    return bits


def empty_bits(n: int) -> npt.NDArray[np.uint8]:
    """Room for n packed images, [n, 64, 8] uint8, aligned so that TensorFlow can share the memory."""
    room = np.empty(n * SIZE * SIZE // 8 + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + n * SIZE * SIZE // 8].reshape(n, SIZE, SIZE // 8)
