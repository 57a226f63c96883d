"""The Wasserstein auto-encoder with the MMD penalty (Tolstikhin et al. 2018)."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.latents.noise import fold, standard_normal
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import Terms, marginal_kl, mmd, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class WAEMMD(BaseVAE):
    """The auto-encoder that matches the aggregate posterior to the prior by the maximum mean discrepancy.

        loss = rec + lambda MMD(q(z), p(z)) (+ lambda KL(q(y) || p(y)))

    The MMD is unbiased, with the paper's inverse multiquadratic kernels, against a sample of the prior. The paper's
    squared error is likelihood="gaussian".

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        lambda_: weight of the penalty.

    Raises:
        ValueError: for a `lambda_` that is negative or not finite, and as for `BaseVAE`.

    References:
        Tolstikhin et al. 2018, Algorithm 2.
    """

    display_name = "WAE-MMD"

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *, lambda_: float = 10.0, **options):
        check_weights(lambda_=lambda_)
        super().__init__(encoder, decoder, **options)
        self.lambda_ = lambda_

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        rec = reconstruction(x, p)
        D = {"mmd": mmd(z, standard_normal(fold(key, -1), tf.shape(z)))}
        if q.logits:
            D["divergence_y"] = tf.add_n([marginal_kl(block) for block in q.logits])
        loss = rec + self.lambda_ * sum(D.values())
        return {"reconstruction": rec, **D, "loss": loss}
