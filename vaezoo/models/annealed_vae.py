"""The VAE with a controlled capacity increase (Burgess et al. 2018)."""

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import capacity, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class AnnealedVAE(BaseVAE):
    """loss = rec + gamma abs(KL - C(t)), C from 0 to C_max nats over T steps (Burgess et al. 2018, Eq. 8).

    KL is KL_z + KL_y, its mean over the batch: a capacity of the code, not of each image.

    gamma: weight. c_max: C_max >= 0, nats. c_steps: T, in steps.
    """

    def __init__(
        self, encoder, decoder, *, gamma: float = 1000.0, c_max: float = 25.0, c_steps: int = 100_000, **options
    ):
        super().__init__(encoder, decoder, **options)
        check_weights(gamma=gamma)
        self.gamma, self.c_max, self.c_steps = gamma, c_max, c_steps
        capacity(0, c_max, c_steps)  # refuses impossible ones

    def objective(self, x, key, training):
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        C = capacity(self.step, self.c_max, self.c_steps)
        loss = rec + self.gamma * tf.abs(tf.reduce_mean(sum(kl.values())) - C)
        return {"reconstruction": rec, **kl, "loss": loss}
