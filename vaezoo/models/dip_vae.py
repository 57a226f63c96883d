"""DIP-VAE (Kumar et al. 2018): the covariance of the codes is pulled to the prior's."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_one_of, check_weights
from vaezoo.terms import Terms, covariance_of_codes, covariance_of_means, diagonal, off_diagonal, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class DIPVAE(BaseVAE):
    """The VAE that pulls the covariance C of its codes to the identity.

        loss = rec + KL_z (+ KL_y) + lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2

    The paper has lambda_d = 10 lambda_od for kind "i" and lambda_d = lambda_od for kind "ii".

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        kind: "i", C = Cov[mu] (Eq. 6), or "ii", C = E[Sigma] + Cov[mu] (Eq. 7).
        lambda_od: weight of the off-diagonal entries.
        lambda_d: weight of the diagonal entries.

    Raises:
        ValueError: for another `kind`, for weights that are negative or not finite, and as for `BaseVAE`.

    References:
        Kumar et al. 2018, Eq. 6 and 7.
    """

    display_name = "DIP-VAE"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        kind: str = "ii",
        lambda_od: float = 10.0,
        lambda_d: float = 10.0,
        **options,
    ):
        check_one_of("i", "ii", kind=kind)
        check_weights(lambda_od=lambda_od, lambda_d=lambda_d)
        super().__init__(encoder, decoder, **options)
        self.kind, self.lambda_od, self.lambda_d = kind, lambda_od, lambda_d

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        C = covariance_of_means(q.mu) if self.kind == "i" else covariance_of_codes(q.mu, q.log_var)
        dip = {"off_diagonal": off_diagonal(C), "diagonal": diagonal(C)}
        loss = rec + sum(kl.values()) + self.lambda_od * dip["off_diagonal"] + self.lambda_d * dip["diagonal"]
        return {"reconstruction": rec, **kl, **dip, "loss": loss}
