"""The information maximization auto-encoder (Zhang, Zhao & Balzano 2018)."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_positive, check_weights
from vaezoo.terms import (
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
    """maximise -rec + beta L(y) + beta L(z) - gamma TC(z) (Eq. 8), with

    L(z) = - sum_k KL(q(z_k) || r(z_k)), r = N(0, sigma_r^2)                                          (Eq. 6)
    L(y) = Ihat(x; y) - vat_weight E_x max_{||eta|| <= vat_radius} H(q(y | x); q(y | x + eta))        (Eq. 9)
           - marginal_weight KL(q(y) || uniform)

    beta: weight of L(y) and L(z). beta_y: of L(y), where it shall be another. gamma: of the total correlation; 2 beta
    where it is None, as in the paper's sweeps. vat_weight: 1 is Eq. 9. sigma_r: standard deviation of r.
    marginal_weight: what L(z) does for z, for y: it keeps all classes in use where VAT would merge them; 0 is Eq. 9, 3
    gives the marginal entropy four times the weight of the conditional one, as IMSAT does (Hu et al. 2017).
    dataset_size: N of the training set, for `estimator` ("mss" or "mws") of log q(z); see `aggregate_posterior`.

    Ihat(x; y) of several blocks is the sum of theirs. fit and evaluate also show, of the minibatch and summed over k,
    I(x; z_k) and Proposition 1's bounds on it.
    There is no KL from the prior: information is wanted, not paid for.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        dataset_size: int,
        beta: float = 5.0,
        beta_y: float | None = None,
        gamma: float | None = None,
        sigma_r: float = 1.0,
        estimator: str = "mss",
        vat_weight: float = 1.0,
        marginal_weight: float = 0.0,
        **options,
    ):
        super().__init__(encoder, decoder, vat_weight=vat_weight, **options)
        check_aggregate(dataset_size, estimator)
        check_positive(sigma_r=sigma_r)
        check_weights(beta=beta, marginal_weight=marginal_weight)
        self.dataset_size, self.estimator, self.sigma_r = dataset_size, estimator, sigma_r
        self.beta, self.beta_y = beta, beta if beta_y is None else beta_y
        self.gamma = 2 * beta if gamma is None else gamma
        self.marginal_weight = marginal_weight
        check_weights(beta_y=self.beta_y, gamma=self.gamma)

    def objective(self, x, key, training):
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        q_z = aggregate_posterior(z, q.mu, q.log_var, dataset_size=self.dataset_size, estimator=self.estimator)

        rec = reconstruction(x, p)
        I_y = sum(mutual_information(block) for block in q.logits)
        smooth = self.vat(x, q, key, training)
        unused = sum(marginal_kl(block) for block in q.logits)
        L_y = I_y - self.vat_weight * smooth - self.marginal_weight * unused
        L_z = -dimension_wise_kl(q_z, self.sigma_r)
        tc = total_correlation(q_z)
        loss = rec - self.beta_y * L_y - self.beta * L_z + self.gamma * tc

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
