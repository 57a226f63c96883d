"""Penalties that any model may add to its loss; `BaseVAE` applies the one that it is given."""

from vaezoo.regularizers.vat import VAT

__all__ = ["VAT"]
