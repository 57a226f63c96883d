"""The variational auto-encoder (Kingma & Welling 2013)."""

import keras

from vaezoo.models.base import BaseVAE
from vaezoo.terms import reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class VAE(BaseVAE):
    """The variational auto-encoder.

        loss = rec + KL_z + KL_y

    This is minus the evidence lower bound.

    References:
        Kingma & Welling 2013, Eq. 3.
    """

    def objective(self, x, key, training):
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        return {"reconstruction": rec, **kl, "loss": rec + sum(kl.values())}
