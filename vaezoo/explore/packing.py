"""Arrays as text: deflated bytes in base64, which a browser inflates by itself."""

import base64
import zlib

import numpy as np
from numpy.typing import ArrayLike


def pack_bytes(values: ArrayLike) -> str:
    """Returns whole numbers from 0 to 255, of any shape, as text."""
    return base64.b64encode(zlib.compress(np.asarray(values, np.uint8).tobytes(), 9)).decode()


def pack_floats(values: ArrayLike) -> str:
    """Returns numbers, of any shape, as text, rounded to floats of 24 bits: sign, 8 bits of exponent, 15 of fraction.

    The relative error is at most 2^-16 = 1.5e-5. The bytes are in three planes, the highest first: that of the
    exponents is what compresses.
    """
    bits = np.asarray(values, np.float32).ravel().view(np.uint32)
    rounded = (bits.astype(np.uint64) + 0x80) >> 8
    return pack_bytes(np.stack([rounded >> 16, rounded >> 8 & 0xFF, rounded & 0xFF]))
