"""Ada-GVAE (Locatello et al. 2020): pairs of images that share all but a few factors."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.data import ImageData
from vaezoo.latents import Posterior
from vaezoo.latents.noise import fold
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_weights
from vaezoo.terms import Batch, Terms, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class AdaGVAE(BaseVAE):
    """The VAE of pairs of images, which averages the latents that a pair is taken to share.

        loss = (rec_1 + beta KL_1 + rec_2 + beta KL_2) / 2 on pairs (x_1, x_2) (Locatello et al. 2020, Eq. 4 and 5).

    Let K_k = KL(q(z_k | x_1) || q(z_k | x_2)). The latents with K_k < (max_k K_k + min_k K_k) / 2, of each pair, are
    taken to be shared: both images get the mean of their two means and the mean of their two variances there. Which
    and how many factors a pair shares is not told. No gradient goes through the choice.

    `fit` and `evaluate` take data sets of pairs, as `ImageData.pairs` gives them; `encode`, `predict` and `reconstruct`
    take images.

    Args:
        encoder, decoder, options: as for `BaseVAE`. Continuous latents only.
        beta: weight of the KL divergences.

    Raises:
        ValueError: for categorical latents, for a `beta` that is negative or not finite, and as for `BaseVAE`.

    References:
        Locatello et al. 2020, "Weakly-Supervised Disentanglement Without Compromises", section 4.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *, beta: float = 1.0, **options):
        super().__init__(encoder, decoder, **options)
        if self.latents.categorical:
            raise ValueError(f"Ada-GVAE averages Gaussian latents only. Received: {self.latents}")
        check_weights(beta=beta)
        self.beta = beta

    @property
    def element_spec(self) -> tuple[tf.TensorSpec, tf.TensorSpec]:
        """Two batches of images, [B, H, W, C] each."""
        return (self.image_spec, self.image_spec)

    def batches(self, data: ImageData, batch_size: int, **options) -> tf.data.Dataset:
        """Returns pairs of batches of a data set with ground-truth factors, as `ImageData.pairs` draws them."""
        return data.pairs(batch_size, **options)

    def prepare_batch(self, data: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns (x_1, x_2), float32 [B, H, W, C] each.

        Raises:
            ValueError: for images that do not come in pairs.
        """
        x_1, x_2, _ = keras.utils.unpack_x_y_sample_weight(data)
        if x_2 is None:
            raise ValueError("AdaGVAE takes pairs of images (x_1, x_2), as `ImageData.pairs` gives them.")
        return tf.cast(x_1, tf.float32), tf.cast(x_2, tf.float32)

    def objective(self, x: tuple[tf.Tensor, tf.Tensor], key: tf.Tensor, training: bool) -> Terms:
        """Computes the terms and the loss on a batch; see the class for the equation."""
        q = averaged(*(self.posterior(images, training) for images in x))
        one, other = (self.negative_elbo(x[i], q[i], fold(key, i), training) for i in (0, 1))
        return {name: 0.5 * (one[name] + other[name]) for name in one}

    def negative_elbo(self, x: tf.Tensor, q: Posterior, key: tf.Tensor, training: bool) -> Terms:
        """Returns the terms and the loss of one image of each pair, [B, H, W, C], under its averaged posterior."""
        rec = reconstruction(x, self.decode(q.rsample(key), training))
        kl = self.kl_terms(q)
        return {"reconstruction": rec, **kl, "loss": rec + self.beta * sum(kl.values())}


def averaged(q_1: Posterior, q_2: Posterior) -> tuple[Posterior, Posterior]:
    """Returns both posteriors [B, d] with their shared latents averaged (Locatello et al. 2020, Eq. 5)."""
    var_1, var_2 = tf.exp(q_1.log_var), tf.exp(q_2.log_var)
    K = 0.5 * (q_2.log_var - q_1.log_var + (var_1 + tf.square(q_1.mu - q_2.mu)) / var_2 - 1)  # [B, d]
    threshold = 0.5 * (tf.reduce_max(K, axis=-1, keepdims=True) + tf.reduce_min(K, axis=-1, keepdims=True))
    shared = tf.stop_gradient(K) < tf.stop_gradient(threshold)
    mu, log_var = 0.5 * (q_1.mu + q_2.mu), tf.math.log(0.5 * (var_1 + var_2))
    one, other = (Posterior(tf.where(shared, mu, q.mu), tf.where(shared, log_var, q.log_var)) for q in (q_1, q_2))
    return one, other
