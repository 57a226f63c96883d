"""Penalties that any model may add to its loss; `BaseVAE` applies the one that it is given."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.regularizers.vat import VAT

__all__ = ["VAT"]
