"""The Non-Syn VAE (anonymous, ICLR 2019 submission): an ELBO step, then a step against the latents' synergy."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_flags, check_one_of, check_weights, is_finite
from vaezoo.terms import Batch, Terms, gaussian_kl, reconstruction, worst_imax


@keras.saving.register_keras_serializable("vaezoo")
class NonSynVAE(BaseVAE):
    """The VAE with a second update against the synergy of its latents (Algorithm 1).

    Each step splits its batch into two independent minibatches B and B':

    1. minimise rec + KL_z on B over encoder and decoder (Eq. 11);
    2. encode B' with the updated encoder, take for W the worst subset of the latents (Algorithm 4) and minimise
       alpha Imax(W) = alpha sum_{k in W} KL_k over the encoder (Eq. 16). No decoder, no sampling, and no
       gradient through the choice of W.

    Algorithm 4 as printed updates its best value while it scans the candidates of a round in the order of their
    indices, so that a later candidate has to beat an earlier one by the discount; `worst_subset` takes the best
    candidate of a round whatever its index. At omega = 0.9 and d = 10, over 10,000 random K, both leave the same W
    on 53 % where K_k ~ U(0, 1), on 68 % where K_k is exponential, and on 95 % where log K_k is uniform from log 0.001
    to log 20: the more the KLs differ in size, the more often.

    Both updates belong to the one optimizer of Algorithm 1 and share the encoder's Adam moments. Compile with
    `vaezoo.Adam`, as `vaezoo.create` does: it corrects each variable's bias by that variable's own updates
    (Keras's Adam corrects all of them by the number of steps). Continuous latents only.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        alpha: weight of the synergy.
        omega: discount of the greedy policy, in (0, 1].
        resample: whether each update has a minibatch of its own. False uses the whole batch in both.
        policy: "minibatch" chooses W from the mean KL of B' (Algorithm 1), "per_example" for every image (Eq. 16).

    Raises:
        ValueError: for categorical latents, a negative `alpha`, an `omega` outside (0, 1], another `policy`, and as for
            `BaseVAE`.

    References:
        "Non-Synergistic Variational Autoencoders" (ICLR 2019 submission), Algorithms 1 and 4.
    """

    display_name = "Non-Syn VAE"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        alpha: float = 5.0,
        omega: float = 0.9,
        resample: bool = True,
        policy: str = "minibatch",
        **options,
    ):
        if not (is_finite(omega) and 0 < omega <= 1):
            raise ValueError(f"`omega` must be in (0, 1]. Received: {omega!r}")
        check_one_of("minibatch", "per_example", policy=policy)
        check_weights(alpha=alpha)
        check_flags(resample=resample)
        super().__init__(encoder, decoder, **options)
        if self.latents.categorical:
            raise ValueError(f"The synergy is defined for Gaussian latents only. Received: {self.latents}")
        self.alpha, self.omega, self.resample, self.policy = alpha, omega, resample, policy

    updates_per_step = 2

    @property
    def batches_per_step(self) -> int:
        """2 (B and B'), or 1 without `resample`."""
        return 2 if self.resample else 1

    def negative_elbo(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Returns the terms and the loss of the first update (Eq. 11)."""
        q, _, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        return {"reconstruction": rec, **kl, "loss": rec + sum(kl.values())}

    def synergy(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Returns Imax(W), [B] nats, and the loss of the second update (Eq. 16)."""
        q = self.posterior(x, training)
        syn = worst_imax(gaussian_kl(q.mu, q.log_var), self.omega, self.policy)
        return {"synergy": syn, "loss": self.alpha * syn}

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Returns the sum of both updates' losses, which evaluate reports; training updates by each in turn."""
        elbo, syn = self.negative_elbo(x, key, training), self.synergy(x, key, training)
        return {**elbo, **syn, "loss": elbo["loss"] + syn["loss"]}

    def train_step(self, data: Batch) -> Terms:
        """Makes both updates, and returns the running mean of every term of both."""
        batches = self.minibatches(data)
        x, x_next = batches[0], batches[-1]  # B and B', the same one without `resample`
        elbo = self.apply_gradient_step(self.negative_elbo, x, self.trainable_variables)
        syn = self.apply_gradient_step(self.synergy, x_next, self.encoder.trainable_variables, update=1)
        return self.finish_step({**elbo, **syn, "loss": elbo["loss"] + tf.reduce_mean(syn["loss"])}, x)


def synergy_metric(model: BaseVAE, dataset: tf.data.Dataset, *, alpha: float = 5.0, omega: float = 0.9) -> float:
    """Returns alpha Imax(W) in nats, the mean over batches, which the paper's Figures 3 and 4 plot.

    Args:
        model: any model with Gaussian latents. It is not trained.
        dataset: batches of images [B, H, W, C], or of (images, labels).
        alpha: weight of the synergy.
        omega: discount of the greedy policy, in (0, 1].
    """
    total = [
        tf.reduce_mean(worst_imax(gaussian_kl(q.mu, q.log_var), omega))
        for q in (model.encode(keras.utils.unpack_x_y_sample_weight(batch)[0]) for batch in dataset)
    ]
    return float(alpha * tf.reduce_mean(total))
