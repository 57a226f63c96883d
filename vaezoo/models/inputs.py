"""Checks of images: arrays, and the batches that a data set gives."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaezoo.data import ImageData
from vaezoo.terms import Batch

FLOATS = ("float16", "bfloat16", "float32", "float64")


def images_only(data: Batch) -> tf.Tensor:
    """Returns the images, float32 [B, H, W, C], of what Keras hands to a step; labels beside them are ignored.

    Raises:
        ValueError: for sample weights.
    """
    x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError("The objectives are means over the batch and take no `sample_weight`.")
    return tf.cast(x, tf.float32)


def depends_on(x: Batch) -> contextlib.AbstractContextManager:
    """Returns a scope whose operations wait for images x, a tensor or several.

    Without it, counters would count the step that Keras begins at the end of a data set of unknown size.
    """
    return tf.control_dependencies(tf.nest.flatten(x))


def split_batch(x: tf.Tensor, parts: int) -> list[tf.Tensor]:
    """Returns `parts` minibatches of a batch [B, ...].

    A batch that does not divide (the last of an array) gives parts that share an image, so none is empty.
    """
    B = tf.shape(x)[0]
    return [x[i * B // parts : -(-(i + 1) * B // parts)] for i in range(parts)]


def checked_images(x: Any, image_shape: tuple[int, int, int]) -> Any:
    """Returns images [N, H, W, C] once checked, and a list of images [H, W, C] stacked.

    Only concrete values are checked: inside a graph this costs nothing.

    Raises:
        ValueError: if the dtype is not floating, the shape does not fit, or a value is NaN or outside [0, 1].
    """
    if not tf.executing_eagerly():
        return x
    if isinstance(x, (list, tuple)):
        x = stacked(x, image_shape)
    refuse_other_kinds(x, image_shape)
    if isinstance(x, (np.ndarray, tf.Tensor, tf.Variable)):
        check_spec(x.shape, x.dtype, tf.TensorSpec((None, *image_shape)))
        if not len(x):
            raise ValueError("Expected at least one image. Received an empty array.")
        check_range(np.asarray(x))
    return x


def stacked(images: list | tuple, image_shape: tuple[int, int, int]) -> np.ndarray:
    """One array [N, H, W, C] of a list of images, which Keras would take for the N inputs of a model."""
    images = [np.asarray(image) for image in images if not isinstance(image, dict)] or [np.zeros(0)]
    if {image.shape for image in images} != {tuple(image_shape)}:
        raise ValueError(
            f"Expected one array of images {(None, *image_shape)}, or a list of images {tuple(image_shape)}. Received "
            f"a list with shapes {', '.join(str(image.shape) for image in images[:3])}. Labels are an argument apart."
        )
    return np.stack(images)


def refuse_other_kinds(x: Any, image_shape: tuple[int, int, int]) -> None:
    """Raises ValueError for None, an `ImageData` and a dict, and says what to give in its place."""
    expected = f"Expected images as floats in [0, 1] with shape {(None, *image_shape)}."
    if x is None:
        raise ValueError(f"{expected} Received None.")
    if isinstance(x, ImageData):
        raise ValueError(
            f"{expected} Received an ImageData: give its `batches(batch_size, seed=...)` or its `images(indices)`."
        )
    if isinstance(x, dict):
        key = "image" if "image" in x else next(iter(x), "image")
        raise ValueError(
            f"{expected} Received a dict of {list(x)}: take the images out of it; of a tf.data.Dataset by "
            f"`dataset.map(lambda example: tf.cast(example[{key!r}], tf.float32) / 255)`."
        )


def check_spec(shape: Sequence[int | None], dtype: np.dtype | tf.DType, spec: tf.TensorSpec) -> None:
    """Raises ValueError unless a shape and a dtype are those of a spec, where images may be of any floating dtype."""
    shape, expected = tf.TensorShape(shape), f"Expected {spec.dtype.name} with shape {tuple(spec.shape)}."
    if spec.dtype.is_floating:
        expected = f"Expected images as floats in [0, 1] with shape {tuple(spec.shape)}."
        if dtype.name not in FLOATS:
            raise ValueError(f"{expected} Received dtype {dtype.name}: {remedy(dtype.name)}.")
    elif dtype.name != spec.dtype.name:
        raise ValueError(f"{expected} Received dtype {dtype.name}.")
    if not shape.is_compatible_with(spec.shape):
        raise ValueError(f"{expected} Received shape {tuple(shape) if shape.rank is not None else shape}.")


def remedy(dtype: str) -> str:
    """What makes images of a dtype that is not floating."""
    if dtype == "bool":
        return "cast to float32, or use vaezoo.data.from_arrays"
    if dtype == "uint8":
        return "divide 0..255 by 255, or use vaezoo.data.from_arrays"
    if dtype == "uint16":
        return "divide by the largest value of the format, 65535 for 16 bits"
    return "divide 0..255 by 255, or cast to uint8 and use vaezoo.data.from_arrays"


def check_range(images: np.ndarray) -> None:
    """Raises ValueError for NaN and for values outside [0, 1]."""
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):  # written so that NaN fails
        raise ValueError(f"Expected images in [0, 1]. Received values from {low} to {high}.")


def check_batch_size(batch_size: int, most: int | None) -> None:
    """Raises ValueError for a batch of more images than the data set that a model was told of has."""
    if most is not None and batch_size > most:
        raise ValueError(f"`dataset_size` must be at least the batch size, {batch_size}. Received: {most}.")


def check_replicas(batch_size: int, replicas: int) -> None:
    """Raises ValueError for a batch whose images do not divide among the replicas of a step."""
    if batch_size % replicas:
        raise ValueError(
            f"The images of a batch must be a multiple of {replicas}, the replicas. Received: {batch_size}."
        )
