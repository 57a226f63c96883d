"""The beta-VAE (Higgins et al. 2017)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights
from vaezoo.terms import Terms, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class BetaVAE(BaseVAE):
    """The beta-VAE, which weighs the KL divergence.

        loss = rec + beta (KL_z + KL_y)

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        beta: weight of the KL, a number or a schedule of the step.

    Raises:
        ValueError: for a `beta` that is negative or not finite, and as for `BaseVAE`.

    References:
        Higgins et al. 2017, Eq. 4. A beta that rises from 0: Bowman et al. 2016; in cycles: Fu et al. 2019.
    """

    display_name = r"$\beta$-VAE"

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, *, beta: float | LearningRateSchedule = 4.0, **options
    ):
        check_annealed_weights(beta=beta)
        super().__init__(encoder, decoder, **options)
        self.beta = beta

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        loss = rec + at_step(self.beta, self.step) * sum(kl.values())
        return {"reconstruction": rec, **kl, "loss": loss}
