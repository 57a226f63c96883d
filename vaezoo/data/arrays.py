"""From arrays in memory, checked, to an ImageData."""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.factors import FactorGrid
from vaezoo.data.images import ImageData


def from_arrays(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    name: str = "array",
    *,
    origin: str = "arrays in memory",
) -> ImageData:
    """Checks arrays and makes a data set of a copy of them.

    Args:
        images: [N, H, W] or [N, H, W, C]. uint8 in 0 ... 255 (where none is above 1, the images are taken
            to be binary, 0 and 1), bool, or floating point in [0, 1].
        labels: [N] integers.
        name: what to call the set.
        origin: where it comes from.

    Raises:
        ValueError: if the images have another rank, dtype or range, are empty or not finite, or if the
            labels are not one integer for each image.
    """
    images = _check_images(np.asarray(images), name)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
            raise ValueError(
                f"Expected `labels` of '{name}' to be integers [{len(images)}], one for each image. "
                f"Received: {labels.dtype} of shape {labels.shape}"
            )
        labels = labels.astype(np.int64)
    white = 255 if images.dtype == np.uint8 and images.max() > 1 else 1
    stored = images.astype(np.float32 if images.dtype.kind == "f" else np.uint8, copy=False)
    with tf.device("CPU:0"):
        stored = tf.constant(stored)
    return ImageData(name, tuple(stored.shape[1:]), origin, stored, white, labels)


def from_bits(bits: npt.NDArray[np.uint8], name: str, *, origin: str, factors: FactorGrid) -> ImageData:
    """Makes a data set of binary images [N, H, W/8], packed by `numpy.packbits`, sharing their memory.

    `bits` must be aligned as `sprites.empty_bits` aligns them, and not be written to afterwards.
    """
    with tf.device("CPU:0"):
        stored = tf.experimental.dlpack.from_dlpack(bits.__dlpack__())
    height, bytes_of_row = bits.shape[1:]
    return ImageData(name, (height, 8 * bytes_of_row, 1), origin, stored, factors=factors)


def _check_images(images: np.ndarray, name: str) -> np.ndarray:
    def fail(received):
        raise ValueError(
            f"Expected the images of '{name}' to be [N, H, W] or [N, H, W, C]: uint8 in 0 ... 255, bool, or "
            f"floating point in [0, 1]. Received: {received}"
        )

    if images.ndim not in (3, 4):
        fail(f"shape {images.shape}")
    if images.size == 0:
        fail(f"no pixels, shape {images.shape}")
    if images.dtype not in (np.uint8, np.bool_, np.float16, np.float32, np.float64):
        fail(f"dtype {images.dtype}{_conversion(images)}")
    if images.dtype.kind == "f":
        low, high = images.min(), images.max()  # NaN if any pixel is
        if not np.isfinite(low + high):
            fail("NaN or infinite pixels")
        if low < 0 or high > 1:
            hint = "; divide them by 255" if low == 0 and 1 < high <= 255 else ""
            fail(f"{images.dtype} in {low:g} ... {high:g}{hint}")
    return images if images.ndim == 4 else images[..., None]


def _conversion(images: np.ndarray) -> str:
    """What to do with integers of another width."""
    if images.dtype.kind not in "iu" or images.min() < 0:
        return ""
    if images.max() <= 255:
        return "; convert them to uint8: images.astype('uint8')"
    white = np.iinfo(images.dtype).max if images.dtype == np.uint16 else images.max()
    return f" in {images.min()} ... {images.max()}; divide them by what stands for white, as in images / {white}"
