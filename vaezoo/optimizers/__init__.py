"""Stage 5: Adam as its paper states it."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.optimizers.adam import Adam

__all__ = ["Adam"]
