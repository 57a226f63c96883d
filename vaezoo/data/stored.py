"""What an `ImageData` may store in place of a tensor, and hashes of it."""

import hashlib
from typing import Protocol

import numpy as np
import tensorflow as tf


class Stored(Protocol):
    """N images that are read or drawn when they are asked for."""

    shape: tuple[int, ...]

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the images at `indices` [B], uint8 or float32 [B, H, W, C]."""

    def digest(self) -> str:
        """Returns what identifies the images, 32 hexadecimal digits."""


def hash_of(*parts: bytes | np.ndarray) -> str:
    """Returns the BLAKE2b hash of the bytes of `parts`, one after the other, 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
