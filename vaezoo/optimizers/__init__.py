"""Stage 5: Adam as its paper states it."""

from vaezoo.optimizers.adam import Adam

__all__ = ["Adam"]
