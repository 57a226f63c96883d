"""The beta-VAE (Higgins et al. 2017)."""

from __future__ import annotations

import keras
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights
from vaezoo.terms import reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class BetaVAE(BaseVAE):
    """The beta-VAE, which weighs the KL divergence.

        loss = rec + beta (KL_z + KL_y)

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        beta: weight of the KL, a number or a schedule of the step.

    References:
        Higgins et al. 2017, Eq. 4. A beta that rises from 0: Bowman et al. 2016; in cycles: Fu et al. 2019.
    """

    display_name = r"$\beta$-VAE"

    def __init__(self, encoder, decoder, *, beta: float | LearningRateSchedule = 4.0, **options):
        check_annealed_weights(beta=beta)
        super().__init__(encoder, decoder, **options)
        self.beta = beta

    def objective(self, x, key, training):
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        loss = rec + at_step(self.beta, self.step) * sum(kl.values())
        return {"reconstruction": rec, **kl, "loss": loss}
