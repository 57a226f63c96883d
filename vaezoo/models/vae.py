"""The variational auto-encoder (Kingma & Welling 2013)."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.terms import Terms, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class VAE(BaseVAE):
    """The variational auto-encoder.

        loss = rec + KL_z + KL_y

    This is minus the evidence lower bound.

    Args:
        encoder, decoder, options: as for `BaseVAE`.

    Raises:
        ValueError: as for `BaseVAE`.

    References:
        Kingma & Welling 2013, Eq. 3.
    """

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        return {"reconstruction": rec, **kl, "loss": rec + sum(kl.values())}
