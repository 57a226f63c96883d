"""Builds an ImageData from arrays in memory or rows in files, after checking them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.factor_table import FactorTable, factors_of_images
from vaezoo.data.factors import FactorGrid, Factors
from vaezoo.data.images import ImageData
from vaezoo.data.rows import Rows


def from_arrays(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    name: str = "array",
    *,
    origin: str = "arrays in memory",
    factors: npt.ArrayLike | FactorGrid | FactorTable | None = None,
    factor_names: Sequence[str] | None = None,
) -> ImageData:
    """Builds a data set from a copy of arrays in memory.

    Args:
        images: [N, H, W] or [N, H, W, C], as uint8 in 0 ... 255, bool, or floating point in [0, 1]. uint8 images
            without a value above 1 are taken for binary ones, 0 and 1.
        labels: [N] integers.
        name: the name of the set.
        origin: a description of the source.
        factors: the ground truth of the images: [N, F], a column of discrete numbers or strings for each factor, whose
            different values, in ascending order, are its classes; or a `FactorGrid` or `FactorTable`.
        factor_names: the names of the columns; by default factor_0, factor_1, ...

    Raises:
        ValueError: if the images have another rank, dtype or range, are empty or not finite, if the labels are not one
            integer for each image, or if the factors are not one row for each image, or continuous.
    """
    images = _check_images(np.asarray(images), name)
    labels, factors = checked_truth(len(images), name, labels, factors, factor_names)
    max_value = 255 if images.dtype == np.uint8 and images.max() > 1 else 1
    stored = images.astype(np.float32 if images.dtype.kind == "f" else np.uint8, copy=False)
    with tf.device("CPU:0"):
        stored = tf.constant(stored)
    return ImageData(name, tuple(stored.shape[1:]), origin, stored, max_value, labels, factors)


def from_rows(
    rows: Rows,
    labels: npt.ArrayLike | None = None,
    name: str = "array",
    *,
    origin: str,
    factors: npt.ArrayLike | FactorGrid | FactorTable | None = None,
    factor_names: Sequence[str] | None = None,
) -> ImageData:
    """Builds a data set whose images stay where they are; the other arguments are those of `from_arrays`.

    Raises:
        ValueError: if the labels or factors do not match the images.
    """
    labels, factors = checked_truth(rows.shape[0], name, labels, factors, factor_names)
    return ImageData(name, rows.shape[1:], origin, rows, rows.max_value, labels, factors)


def checked_truth(
    count: int,
    name: str,
    labels: npt.ArrayLike | None,
    factors: npt.ArrayLike | FactorGrid | FactorTable | None,
    factor_names: Sequence[str] | None,
) -> tuple[npt.NDArray[np.int64] | None, FactorGrid | FactorTable | None]:
    """Returns the labels [count] and the factors of a set of `count` images, as `ImageData` has them.

    Raises:
        ValueError: as `from_arrays`.
    """
    if labels is not None:
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iu" or labels.shape != (count,):
            raise ValueError(
                f"Expected `labels` of '{name}' to be integers [{count}], one for each image. "
                f"Received: {labels.dtype} of shape {labels.shape}"
            )
        labels = labels.astype(np.int64)
    if factors is None and factor_names is not None:
        raise ValueError(f"Expected `factors` of '{name}' beside `factor_names`. Received: {list(factor_names)} alone")
    if factors is not None and not isinstance(factors, Factors):
        factors = factors_of_images(factors, factor_names, count, name)
    if factors is not None and factors.size != count:
        raise ValueError(f"Expected `factors` of the {count} images of '{name}'. Received: {factors} of {factors.size}")
    return labels, factors


def from_bits(bits: npt.NDArray[np.uint8], name: str, *, origin: str, factors: FactorGrid) -> ImageData:
    """Builds a data set from packed binary images, without copying them.

    Args:
        bits: uint8 [N, H, W/8], packed by `numpy.packbits`. They must be aligned as by `sprites.empty_bits`, and must
            not be modified afterwards, because the data set shares their memory.
        name: the name of the set.
        origin: a description of the source.
        factors: the ground-truth factors of the images.
    """
    with tf.device("CPU:0"):
        stored = tf.experimental.dlpack.from_dlpack(bits.__dlpack__())
    height, bytes_of_row = bits.shape[1:]
    return ImageData(name, (height, 8 * bytes_of_row, 1), origin, stored, factors=factors)


def _check_images(images: np.ndarray, name: str) -> np.ndarray:
    def fail(received: str):
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
        low, high = images.min(), images.max()  # NaN if any pixel is NaN.
        if not np.isfinite(low + high):
            fail("NaN or infinite pixels")
        if low < 0 or high > 1:
            hint = "; divide them by 255" if low == 0 and 1 < high <= 255 else ""
            fail(f"{images.dtype} in {low:g} ... {high:g}{hint}")
    return images if images.ndim == 4 else images[..., None]


def _conversion(images: np.ndarray) -> str:
    """Returns the advice for integers of another dtype than uint8, or an empty string."""
    if images.dtype.kind not in "iu" or images.min() < 0:
        return ""
    if images.max() <= 255:
        return "; convert them to uint8: images.astype('uint8')"
    most = np.iinfo(images.dtype).max if images.dtype == np.uint16 else images.max()
    return f" in {images.min()} ... {images.max()}; divide them by what stands for white, as in images / {most}"
