"""beta-TCVAE (Chen et al. 2018): the KL decomposed on a minibatch."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights, check_weights
from vaezoo.terms import (
    Terms,
    aggregate_posterior,
    check_aggregate,
    dimension_wise_kl,
    index_code_mi,
    reconstruction,
    total_correlation,
)


@keras.saving.register_keras_serializable("vaezoo")
class BetaTCVAE(BaseVAE):
    """The VAE whose KL divergence is decomposed, and its total correlation weighed.

        loss = rec + alpha I(x; z) + beta TC(z) + gamma sum_k KL(q(z_k) || p(z_k)) (+ beta KL_y)

    At alpha = beta = gamma = 1 this is the VAE's loss in expectation.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        dataset_size: N of the training set, for the estimator of log q(z).
        alpha: weight of the mutual information.
        beta: weight of the total correlation and of KL_y, a number or a schedule of the step.
        gamma: weight of the dimension-wise KL.
        estimator: "mws" (minibatch-weighted) or "mss" (minibatch-stratified). With "mws" the terms are off by multiples
            of log N, which have no gradient.

    Raises:
        ValueError: for weights that are negative or not finite, a `dataset_size` below 1, an unknown `estimator`, and
            as for `BaseVAE`.

    References:
        Chen et al. 2018, Eq. 4.
    """

    display_name = r"$\beta$-TCVAE"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        dataset_size: int,
        alpha: float = 1.0,
        beta: float | LearningRateSchedule = 6.0,
        gamma: float = 1.0,
        estimator: str = "mws",
        **options,
    ):
        check_aggregate(dataset_size, estimator)
        check_weights(alpha=alpha, gamma=gamma)
        check_annealed_weights(beta=beta)
        super().__init__(encoder, decoder, **options)
        self.dataset_size, self.estimator = dataset_size, estimator
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        q_z = aggregate_posterior(z, q.mu, q.log_var, dataset_size=self.dataset_size, estimator=self.estimator)
        rec = reconstruction(x, p)
        mi, tc, dwkl = index_code_mi(q_z), total_correlation(q_z), dimension_wise_kl(q_z)
        kl_y = {name: kl for name, kl in self.kl_terms(q).items() if name == "kl_y"}
        beta = at_step(self.beta, self.step)
        loss = rec + self.alpha * mi + beta * (tc + sum(kl_y.values())) + self.gamma * dwkl
        terms = {"reconstruction": rec, "mi_z": mi, "total_correlation": tc, "dimension_wise_kl": dwkl, **kl_y}
        return {**terms, "loss": loss}
