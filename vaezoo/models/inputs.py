"""Checks of what is given to fit and evaluate, before the first step."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


def images_only(data) -> tf.Tensor:
    """The images, float32 [B, H, W, C], of what Keras hands to a step; labels beside them are ignored."""
    x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError("The objectives are means over the batch and take no `sample_weight`.")
    return tf.cast(x, tf.float32)


def after(x):
    """A scope whose operations wait for images x, a tensor or several.

    Without it, what counts would count the step that Keras begins at the end of a data set of unknown size.
    """
    return tf.control_dependencies(tf.nest.flatten(x))


def check_images(data, image_shape: tuple[int, int, int]) -> None:
    """Raises ValueError unless `data` holds images in [0, 1], float [N, H, W, C].

    Arrays are checked whole; of a tf.data.Dataset, its element_spec and its first batch. Anything else that
    Keras takes (generators, PyDatasets) cannot be looked into without being consumed and passes.
    """
    if isinstance(data, tf.data.Dataset):
        spec = keras.utils.unpack_x_y_sample_weight(data.element_spec)[0]
        check_spec(spec.shape, spec.dtype, image_shape)
        first = next(iter(data.take(1)), None)
        if first is None:
            raise ValueError("Expected batches of images. Received an empty tf.data.Dataset.")
        check_range(np.asarray(keras.utils.unpack_x_y_sample_weight(first)[0]))
    elif isinstance(data, (np.ndarray, tf.Tensor)):
        check_spec(tf.TensorShape(data.shape), tf.as_dtype(data.dtype), image_shape)
        if not len(data):
            raise ValueError("Expected at least one image. Received an empty array.")
        check_range(np.asarray(data))


def check_spec(shape: tf.TensorShape, dtype: tf.DType, image_shape: tuple[int, int, int]) -> None:
    """Raises ValueError unless a dtype is floating and a shape fits [N, H, W, C]."""
    expected = f"Expected images as floats in [0, 1] with shape {(None, *image_shape)}."
    if not dtype.is_floating:
        raise ValueError(f"{expected} Received dtype {dtype.name}: divide 0..255 by 255, or use vaezoo.data.")
    if not shape.is_compatible_with((None, *image_shape)):
        raise ValueError(f"{expected} Received shape {tuple(shape) if shape.rank is not None else shape}.")


def check_range(images: np.ndarray) -> None:
    """Raises ValueError for NaN and for values outside [0, 1]."""
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):  # written so that NaN fails
        raise ValueError(f"Expected images in [0, 1]. Received values from {low} to {high}.")
