"""InfoVAE (Zhao et al. 2017): the aggregate posterior is matched to the prior."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.latents import Posterior
from vaezoo.latents.noise import fold, standard_normal
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_one_of, check_weights, is_finite
from vaezoo.terms import (
    Terms,
    aggregate_kl,
    aggregate_posterior,
    check_aggregate,
    check_kernel,
    marginal_kl,
    mmd,
    reconstruction,
)


@keras.saving.register_keras_serializable("vaezoo")
class InfoVAE(BaseVAE):
    """The VAE that matches the aggregate posterior to the prior by a divergence D.

        loss = rec + (1 - alpha) (KL_z + KL_y) + (alpha + lambda - 1) (D(q(z) || p(z)) + KL(q(y) || p(y)))

    alpha = 0, lambda = 1 is the VAE; the IMAE paper's InfoVAE is alpha = 1, lambda = beta.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        alpha: weight of the mutual information, from 1 - lambda to 1.
        lambda_: weight of the divergence.
        divergence: "mmd", unbiased, against a sample of the prior; or "kl", the minibatch estimate of
            KL(q(z) || p(z)).
        kernel: "gaussian" or "inverse_multiquadratic", for "mmd".
        dataset_size: N of the training set, which "kl" needs.
        estimator: "mws" or "mss", for "kl"; see `aggregate_posterior`.

    Raises:
        ValueError: for weights that are negative or not finite, an unknown `divergence`, `kernel` or `estimator`, "kl"
            without a `dataset_size`, and as for `BaseVAE`.

    References:
        Zhao et al. 2017, Eq. 6.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        alpha: float = 1.0,
        lambda_: float = 10.0,
        divergence: str = "mmd",
        kernel: str = "gaussian",
        dataset_size: int | None = None,
        estimator: str = "mws",
        **options,
    ):
        check_one_of("mmd", "kl", divergence=divergence)
        check_kernel(kernel)
        check_weights(lambda_=lambda_)
        if not (is_finite(alpha) and 1 - lambda_ - 1e-9 <= alpha <= 1):
            raise ValueError(f"`alpha` must be from 1 - lambda_ to 1, or a weight is negative. Received: {alpha!r}")
        if divergence == "kl" and dataset_size is None:
            raise ValueError("divergence='kl' needs `dataset_size`, the number of images in the training set.")
        check_aggregate(1 if dataset_size is None else dataset_size, estimator)
        super().__init__(encoder, decoder, **options)
        self.alpha, self.lambda_, self.divergence, self.kernel = alpha, lambda_, divergence, kernel
        self.dataset_size, self.estimator = dataset_size, estimator

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        D = {"divergence_z": self.divergence_z(q, z, fold(key, -1))}
        if q.logits:
            D["divergence_y"] = tf.add_n([marginal_kl(block) for block in q.logits])
        loss = rec + (1 - self.alpha) * sum(kl.values()) + (self.alpha + self.lambda_ - 1) * sum(D.values())
        return {"reconstruction": rec, **kl, **D, "loss": loss}

    def divergence_z(self, q: Posterior, z: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Returns D(q(z) || p(z)) in nats, a scalar, from a sample z [B, d] of q(z)."""
        if self.divergence == "mmd":
            return mmd(z, standard_normal(key, tf.shape(z)), self.kernel)
        return aggregate_kl(
            aggregate_posterior(z, q.mu, q.log_var, dataset_size=self.dataset_size, estimator=self.estimator)
        )
