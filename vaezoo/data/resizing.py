"""Reduces images to the size that the literature trains on."""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

SIZE = 64


def reduced(images: npt.NDArray[np.uint8], size: int = SIZE) -> npt.NDArray[np.uint8]:
    """Resizes images to `size` x `size` by an antialiased Lanczos filter of radius 3, as disentanglement_lib does.

    That uses Pillow, whose rounding may differ by one grey level.

    Args:
        images: uint8 [N, H, W, C].
        size: the height and width of the results.

    Returns:
        uint8 [N, size, size, C].
    """
    small = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    with tf.device("CPU:0"):
        for start in range(0, len(images), 256):
            resized = tf.image.resize(images[start : start + 256], [size, size], method="lanczos3", antialias=True)
            small[start : start + 256] = np.clip(np.rint(resized.numpy()), 0, 255)
    return small
