"""beta-TCVAE (Chen et al. 2018): the KL taken apart on a minibatch."""

import keras

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import (
    aggregate_posterior,
    check_aggregate,
    dimension_wise_kl,
    index_code_mi,
    reconstruction,
    total_correlation,
)


@keras.saving.register_keras_serializable("vaezoo")
class BetaTCVAE(BaseVAE):
    """loss = rec + alpha I(x; z) + beta TC(z) + gamma sum_k KL(q(z_k) || p(z_k)) (+ beta KL_y)

    Chen et al. 2018, Eq. 4; at alpha = beta = gamma = 1 the VAE's loss in expectation.

    dataset_size: N of the training set, which the estimators of log q(z) need. estimator: "mws"
    (minibatch-weighted) or "mss" (minibatch-stratified). With "mws" the terms are off by multiples of log N,
    which no gradient sees.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        dataset_size: int,
        alpha: float = 1.0,
        beta: float = 6.0,
        gamma: float = 1.0,
        estimator: str = "mws",
        **options,
    ):
        super().__init__(encoder, decoder, **options)
        check_aggregate(dataset_size, estimator)
        check_weights(alpha=alpha, beta=beta, gamma=gamma)
        self.dataset_size, self.estimator = dataset_size, estimator
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def objective(self, x, key, training):
        q, code, p = self.infer(x, key, training)
        z, _ = self.latents.split(code)
        q_z = aggregate_posterior(z, q.mu, q.log_var, dataset_size=self.dataset_size, estimator=self.estimator)
        rec = reconstruction(x, p)
        mi, tc, dwkl = index_code_mi(q_z), total_correlation(q_z), dimension_wise_kl(q_z)
        kl_y = {name: kl for name, kl in self.kl_terms(q).items() if name == "kl_y"}
        loss = rec + self.alpha * mi + self.beta * (tc + sum(kl_y.values())) + self.gamma * dwkl
        terms = {"reconstruction": rec, "mi_z": mi, "total_correlation": tc, "dimension_wise_kl": dwkl, **kl_y}
        return {**terms, "loss": loss}
