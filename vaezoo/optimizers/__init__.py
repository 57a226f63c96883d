"""Stage 5: the Adam optimizer as its paper defines it."""

from vaezoo.optimizers.adam import Adam

__all__ = ["Adam"]
