"""Stage 5: the Adam optimizer as its paper defines it."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.optimizers.adam import Adam

__all__ = ["Adam"]
