"""The information maximization auto-encoder (Zhang, Zhao & Balzano 2018)."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_positive, check_weights
from vaezoo.regularizers import VAT
from vaezoo.terms import (
    Objective,
    Terms,
    aggregate_posterior,
    check_aggregate,
    dimension_mi,
    dimension_wise_kl,
    information_bounds,
    marginal_kl,
    mutual_information,
    posterior_moments,
    reconstruction,
    total_correlation,
)


@keras.saving.register_keras_serializable("vaezoo")
class IMAE(BaseVAE):
    """The auto-encoder that maximises the information of its code about the images.

    maximise -rec + beta L(y) + beta L(z) - gamma TC(z) (Eq. 8), with

        L(z) = - sum_k KL(q(z_k) || r(z_k)), r = N(0, sigma_r^2)                                      (Eq. 6)
        L(y) = Ihat(x; y) - E_x max_{||eta|| <= epsilon} H(q(y | x); q(y | x + eta))                  (Eq. 9)
               - marginal_weight KL(q(y) || uniform)

    The second term of L(y) is the smoothness, `VAT`, whose weight in the loss is the regularizer's: beta_y is Eq. 9.
    There is no KL from the prior: information is wanted, not paid for.

    Ihat(x; y) of several blocks is the sum of theirs. fit and evaluate also show I(x; z_k) of the minibatch, summed
    over k, and Proposition 1's bounds on it.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        dataset_size: N of the training set, for the estimator of log q(z).
        beta: weight of L(z), and of L(y) without `beta_y`.
        beta_y: weight of L(y). Defaults to `beta`.
        gamma: weight of the total correlation. Defaults to 2 `beta`, as in the paper's sweeps.
        sigma_r: standard deviation of r.
        estimator: "mss" or "mws"; see `aggregate_posterior`.
        regularizer: smoothness of q(y | x); a weight of 0 omits it. Defaults to Eq. 9, VAT(weight=beta_y, radius=1).
        marginal_weight: weight of KL(q(y) || uniform) in L(y). It keeps all classes in use where VAT would merge them.
            0 is Eq. 9; 3 weighs the marginal entropy four times as much as the conditional one (IMSAT, Hu et al. 2017).

    Raises:
        ValueError: for weights that are negative or not finite, a `sigma_r` that is not positive, and as for `BaseVAE`.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Eq. 6, 8 and 9.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        dataset_size: int,
        beta: float = 5.0,
        beta_y: float | None = None,
        gamma: float | None = None,
        sigma_r: float = 1.0,
        estimator: str = "mss",
        regularizer: VAT | Mapping | None = None,
        marginal_weight: float = 0.0,
        **options,
    ):
        check_aggregate(dataset_size, estimator)
        check_positive(sigma_r=sigma_r)
        check_weights(beta=beta, marginal_weight=marginal_weight)
        beta_y, gamma = beta if beta_y is None else beta_y, 2 * beta if gamma is None else gamma
        check_weights(beta_y=beta_y, gamma=gamma)
        regularizer = VAT(weight=beta_y) if regularizer is None else regularizer
        super().__init__(encoder, decoder, regularizer=regularizer, **options)
        self.dataset_size, self.estimator, self.sigma_r = dataset_size, estimator, sigma_r
        self.beta, self.beta_y, self.gamma, self.marginal_weight = beta, beta_y, gamma, marginal_weight

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        q_z = aggregate_posterior(z, q.mu, q.log_var, dataset_size=self.dataset_size, estimator=self.estimator)

        rec = reconstruction(x, p)
        I_y = sum(mutual_information(block) for block in q.logits)
        smooth = self.regularizer(self, x, key, training) if q.logits and self.regularizer.weight else 0.0
        unused = sum(marginal_kl(block) for block in q.logits)
        L_y = I_y - self.marginal_weight * unused  # and the smoothness, which has a weight of its own
        L_z = -dimension_wise_kl(q_z, self.sigma_r)
        tc = total_correlation(q_z)
        loss = rec - self.beta_y * L_y + self.regularizer.weight * smooth - self.beta * L_z + self.gamma * tc

        discrete = {"mi_y": I_y, "smoothness": smooth} if q.logits else {}
        lower, upper = information_bounds(*posterior_moments(q.mu, q.log_var))
        return {
            "reconstruction": rec,
            **discrete,
            "dimension_wise_kl": -L_z,
            "total_correlation": tc,
            "mi_z": tf.reduce_sum(dimension_mi(q_z), axis=-1),
            "mi_z_lower": tf.reduce_sum(lower),
            "mi_z_upper": tf.reduce_sum(upper),
            "loss": loss,
        }

    def regularized(self, objective: Objective) -> Objective:
        """Returns the objective as it is: it has the smoothness in it."""
        return objective
