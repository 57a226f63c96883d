"""FactorVAE (Kim & Mnih 2018): the total correlation by a discriminator."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.latents.noise import fold, open_uniform
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import check_positive, check_weights
from vaezoo.networks import discriminator as build_discriminator
from vaezoo.optimizers import Adam
from vaezoo.terms import reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class FactorVAE(BaseVAE):
    """Algorithm 2. Each step splits its batch into two independent minibatches B and B':

    1. minimise rec + KL_z (+ KL_y) + gamma E_q(z)[log D(z) - log(1 - D(z))] on B over encoder and decoder (Eq. 2);
    2. minimise the cross-entropy of D, which tells z of B, from q(z), from z of B' with each dimension permuted
       among its images, from prod_k q(z_k). Over D only; no gradient reaches the encoder.

    Both z of the second update come from the encoder as the first one left it, where Algorithm 2 reuses the z of B
    that the first one drew: D learns to tell the codes that it is asked about next, for one more pass of B through
    the encoder. D sees z alone.

    gamma: weight of the total correlation. discriminator: codes z [B, d] -> logits [B, 2], class 0 for q(z); by
    default the paper's six layers of 1000. discriminator_learning_rate: of its Adam (beta 0.5, 0.9).
    """

    batches_per_step = updates_per_step = 2

    def __init__(
        self,
        encoder,
        decoder,
        *,
        gamma: float = 35.0,
        discriminator: keras.Model | None = None,
        discriminator_learning_rate: float = 1e-4,
        **options,
    ):
        super().__init__(encoder, decoder, **options)
        check_weights(gamma=gamma)
        check_positive(discriminator_learning_rate=discriminator_learning_rate)
        self.gamma, self.discriminator_learning_rate = gamma, discriminator_learning_rate
        D = discriminator or build_discriminator(self.latents.gaussian, seed=self.seed)
        if (D.input_shape, D.output_shape) != ((None, self.latents.gaussian), (None, 2)):
            raise ValueError(
                f"`discriminator` must map [B, {self.latents.gaussian}] to [B, 2]. "
                f"Received one from {D.input_shape} to {D.output_shape}."
            )
        D.trainable = False  # or `trainable_weights` and summaries would count it among the VAE's
        self.discriminator = D
        self.discriminator_optimizer = Adam(discriminator_learning_rate, 0.5, 0.9)
        self.discriminator_optimizer.build(D.variables)

    @property
    def trainable_variables(self):
        """Those of the main optimizer: the discriminator has one of its own."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    def vae(self, x, key, training):
        q, code, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        z, _ = self.latents.split(code)
        D = self.discriminator(z, training=training)
        tc = D[:, 0] - D[:, 1]  # log D(z) - log(1 - D(z))
        terms = {"reconstruction": rec, **kl, "total_correlation": tc}
        return self.with_vat(x, q, key, training, {**terms, "loss": rec + sum(kl.values()) + self.gamma * tc})

    def adversary(self, batches, key, training):
        x, x_next = batches
        z, z_next = (self.sample_z(batch, fold(key, i), training) for i, batch in enumerate((x, x_next)))
        from_joint = self.discriminator(z, training=training)
        from_marginals = self.discriminator(permuted(z_next, fold(key, 2)), training=training)
        right = tf.nn.log_softmax(from_joint)[:, 0], tf.nn.log_softmax(from_marginals)[:, 1]
        loss = -0.5 * (tf.reduce_mean(right[0]) + tf.reduce_mean(right[1]))
        return {"discriminator": loss, "loss": loss}

    def sample_z(self, x, key, training):
        """z ~ q(z | x), [B, d], a constant."""
        z, _ = self.latents.split(self.encode_apart(x, training).rsample(key))
        return tf.stop_gradient(z)

    def objective(self, x, key, training):
        """The loss of the first update; beside it the cross-entropy of D, in nats, on the same images."""
        return {**self.adversary((x, x), key, training), **self.vae(x, key, training)}

    def train_step(self, data):
        x, x_next = self.minibatches(data)
        terms = self.descend(self.vae, x, self.trainable_variables)
        D = self.discriminator.variables
        adversary = self.descend(self.adversary, (x, x_next), D, optimizer=self.discriminator_optimizer, update=1)
        return self.record({**adversary, **terms}, x)

    def optimizers(self):
        """The main optimizer and the discriminator's."""
        return [*super().optimizers(), (self.discriminator_optimizer, self.discriminator.variables)]


def permuted(z: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """z [B, d] with every column in a random order of its own: a sample of prod_k q(z_k) (Algorithm 1)."""
    order = tf.argsort(open_uniform(key, tf.shape(z)), axis=0)
    columns = tf.gather(tf.transpose(z), tf.transpose(order), batch_dims=1)
    return tf.transpose(columns)
