"""JointVAE (Dupont 2018): one capacity for the continuous latents, another for the discrete ones."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo import replicas
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights, check_whole
from vaezoo.terms import Terms, capacity, discrete_ceiling, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class JointVAE(BaseVAE):
    """The VAE that holds the KL divergences of its continuous and discrete latents at capacities of their own.

        loss = rec + gamma abs(KL_z - C_z(t)) + gamma abs(KL_y - C_y(t))
        C_z(t) = min(z_capacity t / z_steps, z_capacity)
        C_y(t) = min(y_capacity t / y_steps, y_capacity, sum log K)

    Both KLs are means over the batch. sum log K over the categorical blocks is the largest value of KL_y: C_y stops
    there, with the slope y_capacity / y_steps until then, as in Dupont's code, whose published numbers are the
    arguments. Without categorical latents this is `AnnealedVAE`.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        gamma: weight, a number or a schedule of the step.
        z_capacity: largest C_z in nats; or a schedule of the step, which is C_z(t) itself.
        z_steps: steps of the ramp to z_capacity. Not used with a schedule.
        y_capacity: C_y in nats that the ramp leads to; it may exceed sum log K, which is the default. Or a schedule of
            the step, which is C_y(t) itself up to sum log K.
        y_steps: steps of the ramp to y_capacity. Not used with a schedule.

    Raises:
        ValueError: for a weight or a capacity that is negative or not finite, for steps below 1, and as for `BaseVAE`.

    References:
        Dupont 2018, Eq. 7 and section 3.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        gamma: float | LearningRateSchedule = 30.0,
        z_capacity: float | LearningRateSchedule = 5.0,
        z_steps: int = 25_000,
        y_capacity: float | LearningRateSchedule | None = None,
        y_steps: int = 25_000,
        **options,
    ):
        check_annealed_weights(gamma=gamma, z_capacity=z_capacity)
        check_whole(z_steps=z_steps, y_steps=y_steps, least=1)
        if y_capacity is not None:
            check_annealed_weights(y_capacity=y_capacity)
        super().__init__(encoder, decoder, **options)
        self.gamma, self.z_capacity, self.z_steps, self.y_steps = gamma, z_capacity, z_steps, y_steps
        self.y_capacity = discrete_ceiling(self.latents.categorical) if y_capacity is None else y_capacity

    def capacities(self) -> dict[str, tf.Tensor]:
        """Returns C_z and C_y at this step, in nats."""
        ceiling = discrete_ceiling(self.latents.categorical)
        return {
            "kl_z": capacity(self.step, self.z_capacity, self.z_steps),
            "kl_y": capacity(self.step, self.y_capacity, self.y_steps, ceiling),
        }

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl, C, gamma = self.kl_terms(q), self.capacities(), at_step(self.gamma, self.step)
        loss = rec + sum(gamma * tf.abs(replicas.mean(tf.reduce_mean(kl[name])) - C[name]) for name in kl)
        return {"reconstruction": rec, **kl, "loss": loss}
