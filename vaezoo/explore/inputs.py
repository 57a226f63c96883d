"""The input images of the page: dSprites as outlines that it draws, or some images of another data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaezoo.data import ImageData, sprites
from vaezoo.data.factors import Factors
from vaezoo.explore.packing import pack_bytes

EMBEDDED, EMBEDDED_BYTES = 300, 1_500_000  # most images, and most bytes of them before they are compressed
COMPARED = 20
SHAPES = ("square", "ellipse", "heart")


def input_record(data: ImageData, seed: int) -> dict[str, Any]:
    """Returns the data set's name and shape, its factors, and either `sprites` or embedded `images`.

    Args:
        data: the data set.
        seed: of the draw of the embedded images.
    """
    record = {"name": data.name.rsplit("/", 1)[-1], "shape": list(data.image_shape), "factors": factor_records(data)}
    if drawable(data, seed):
        return record | {"sprites": sprite_record()}
    count = int(np.clip(EMBEDDED_BYTES // np.prod(data.image_shape), 20, EMBEDDED))
    chosen = np.random.default_rng(seed).permutation(data.size)[:count]
    pixels = np.rint(255 * data.images(chosen)).astype(np.uint8)
    return record | {"images": pack_bytes(pixels), "classes": true_classes(data, chosen).tolist()}


def drawable(data: ImageData, seed: int) -> bool:
    """Returns whether the images are those of dSprites, which the page draws itself; some images are compared."""
    if data.factors is not sprites.GRID or data.image_shape != (sprites.SIZE, sprites.SIZE, 1):
        return False
    chosen = np.random.default_rng(seed).choice(data.size, COMPARED)
    drawn = np.unpackbits(sprites.draw(chosen), axis=-1)
    return np.abs(data.images(chosen)[..., 0] - drawn).mean() < 1e-3


def factor_records(data: ImageData) -> list[dict[str, Any]]:
    """Returns the name and the names of the values of each factor; labels are the one factor of other data sets."""
    if data.factors is not None:
        return [
            {"name": name, "values": value_names(data.factors, name, values)}
            for name, values in zip(data.factors.names, data.factors.values, strict=True)
        ]
    if data.labels is None:
        return []
    return [{"name": "label", "values": [str(label) for label in range(int(data.labels.max()) + 1)]}]


def value_names(factors: Factors, name: str, values: np.ndarray) -> list[str]:
    """Returns the values of a factor as text; those of dSprites' shape have names."""
    if factors is sprites.GRID and name == "shape":
        return list(SHAPES)
    return [f"{value:.3g}" for value in values]


def true_classes(data: ImageData, indices: np.ndarray) -> np.ndarray:
    """Returns the classes of the factors of `factor_records` of some images, int64 [n, F]."""
    if data.factors is not None:
        return data.factors.classes(indices)
    return np.empty((len(indices), 0), np.int64) if data.labels is None else data.labels[indices][:, None]


def sprite_record() -> dict[str, Any]:
    """Returns the numbers from which the page draws dSprites, pixel for pixel."""
    return {
        "size": sprites.SIZE,
        "outlines": [outline.tolist() for outline in sprites.OUTLINES],
        "scales": sprites.SCALES.tolist(),
        "cos": np.cos(sprites.ANGLES).tolist(),
        "sin": np.sin(sprites.ANGLES).tolist(),
        "centres": sprites.CENTRES[:, 0].tolist(),
    }
