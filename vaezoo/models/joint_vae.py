"""JointVAE (Dupont 2018): a capacity for z, another for y."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import capacity, check_discrete_capacity, discrete_ceiling, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class JointVAE(BaseVAE):
    """loss = rec + gamma abs(KL_z - C_z(t)) + gamma abs(KL_y - C_y(t)) (Dupont 2018, Eq. 7).

    Both KLs are means over the batch; both capacities rise linearly. Without categorical latents this is
    `AnnealedVAE`.

    gamma: weight. z_capacity: of C_z after z_steps steps, nats. y_capacity: of C_y after y_steps steps, nats; at
    most sum log K, beyond which KL_y cannot go (ValueError), and that where it is None. (Dupont's code ramps C_y
    towards a larger number and stops at sum log K: give the step at which it stops.)
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        gamma: float = 30.0,
        z_capacity: float = 5.0,
        z_steps: int = 25_000,
        y_capacity: float | None = None,
        y_steps: int = 25_000,
        **options,
    ):
        super().__init__(encoder, decoder, **options)
        check_weights(gamma=gamma)
        y_capacity = discrete_ceiling(self.latents.categorical) if y_capacity is None else y_capacity
        check_discrete_capacity(y_capacity, self.latents.categorical)
        self.gamma = gamma
        self.z_capacity, self.z_steps, self.y_capacity, self.y_steps = z_capacity, z_steps, y_capacity, y_steps
        self.capacities()  # refuses impossible ones

    def capacities(self):
        """C_z and C_y at this step, nats."""
        return {
            "kl_z": capacity(self.step, self.z_capacity, self.z_steps),
            "kl_y": capacity(self.step, self.y_capacity, self.y_steps),
        }

    def objective(self, x, key, training):
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl, C = self.kl_terms(q), self.capacities()
        loss = rec + sum(self.gamma * tf.abs(tf.reduce_mean(kl[name]) - C[name]) for name in kl)
        return {"reconstruction": rec, **kl, "loss": loss}
