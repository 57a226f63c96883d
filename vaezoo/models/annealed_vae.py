"""The VAE with a controlled capacity increase (Burgess et al. 2018)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo import replicas
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights, check_whole
from vaezoo.terms import Terms, capacity, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class AnnealedVAE(BaseVAE):
    """The VAE that holds its KL divergence at a capacity, which rises during training.

        loss = rec + gamma abs(KL - C(t)),  C(t) = min(C_max t / T, C_max)

    KL is KL_z + KL_y, its mean over the batch: a capacity of the code, not of each image.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        gamma: weight, a number or a schedule of the step.
        c_max: C_max in nats; or a schedule of the step, which is C(t) itself.
        c_steps: T, the steps of the ramp to C_max. Not used with a schedule.

    Raises:
        ValueError: for a `gamma` or `c_max` that is negative or not finite, `c_steps` below 1, and as for `BaseVAE`.

    References:
        Burgess et al. 2018, Eq. 8.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        gamma: float | LearningRateSchedule = 1000.0,
        c_max: float | LearningRateSchedule = 25.0,
        c_steps: int = 100_000,
        **options,
    ):
        check_annealed_weights(gamma=gamma, c_max=c_max)
        check_whole(c_steps=c_steps, least=1)
        super().__init__(encoder, decoder, **options)
        self.gamma, self.c_max, self.c_steps = gamma, c_max, c_steps

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        C = capacity(self.step, self.c_max, self.c_steps)
        loss = rec + at_step(self.gamma, self.step) * tf.abs(replicas.mean(tf.reduce_mean(sum(kl.values()))) - C)
        return {"reconstruction": rec, **kl, "loss": loss}
