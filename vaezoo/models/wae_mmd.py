"""The Wasserstein auto-encoder with the MMD penalty (Tolstikhin et al. 2018)."""

import keras
import tensorflow as tf

from vaezoo.latents.noise import fold, standard_normal
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import marginal_kl, mmd, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class WAEMMD(BaseVAE):
    """loss = rec + lambda MMD(q(z), p(z)) (+ lambda KL(q(y) || p(y))) (Tolstikhin et al. 2018, Algorithm 2).

    The unbiased MMD with the paper's inverse multiquadratic kernels, against a sample of the prior. The paper's
    squared error is likelihood="gaussian".

    lambda_: weight of the penalty.
    """

    def __init__(self, encoder, decoder, *, lambda_: float = 10.0, **options):
        super().__init__(encoder, decoder, **options)
        check_weights(lambda_=lambda_)
        self.lambda_ = lambda_

    def objective(self, x, key, training):
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        rec = reconstruction(x, p)
        D = {"mmd": mmd(z, standard_normal(fold(key, -1), tf.shape(z)))}
        if q.logits:
            D["divergence_y"] = tf.add_n([marginal_kl(block) for block in q.logits])
        loss = rec + self.lambda_ * sum(D.values())
        return {"reconstruction": rec, **D, "loss": loss}
