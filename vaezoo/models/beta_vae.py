"""The beta-VAE (Higgins et al. 2017)."""

import keras

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class BetaVAE(BaseVAE):
    """loss = rec + beta (KL_z + KL_y) (Higgins et al. 2017, Eq. 4)."""

    def __init__(self, encoder, decoder, *, beta: float = 4.0, **options):
        super().__init__(encoder, decoder, **options)
        check_weights(beta=beta)
        self.beta = beta

    def objective(self, x, key, training):
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        return {"reconstruction": rec, **kl, "loss": rec + self.beta * sum(kl.values())}
