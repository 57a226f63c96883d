"""FactorVAE (Kim & Mnih 2018): the total correlation, estimated by a discriminator."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo.latents.noise import fold, permuted
from vaezoo.models.base import BaseVAE
from vaezoo.models.hyperparameters import at_step, check_annealed_weights, check_positive
from vaezoo.networks import discriminator as build_discriminator
from vaezoo.optimizers import Adam
from vaezoo.terms import Batch, Terms, reconstruction


@keras.saving.register_keras_serializable("vaezoo")
class FactorVAE(BaseVAE):
    """The VAE with a discriminator D that estimates the total correlation (Kim & Mnih 2018, Algorithm 2).

    Each step splits its batch into two independent minibatches B and B':

    1. minimise rec + KL_z (+ KL_y) + gamma E_q(z)[log D(z) - log(1 - D(z))] on B over encoder and decoder (Eq. 2);
    2. minimise the cross-entropy of D, which discriminates z of B, a sample of q(z), from z of B' with each dimension
       permuted among its images, a sample of prod_k q(z_k). Over D only; no gradient reaches the encoder.

    Both z of the second update come from the encoder after the first one, for one more pass of B through the encoder;
    Algorithm 2 reuses the z of B that the first update drew. D takes z alone.

    Args:
        encoder, decoder, options: as for `BaseVAE`.
        gamma: weight of the total correlation, a number or a schedule of the step.
        discriminator: maps codes z [B, d] to logits [B, 2], class 0 for q(z). Defaults to the paper's, 6 x 1000 units.
        discriminator_learning_rate: learning rate of the discriminator's Adam (beta 0.5, 0.9).

    Raises:
        ValueError: for a `gamma` that is negative or not finite, a discriminator of other shapes, a learning rate that
            is not positive, and as for `BaseVAE`.

    References:
        Kim & Mnih 2018, "Disentangling by Factorising", Eq. 2 and Algorithm 2.
    """

    batches_per_step = updates_per_step = 2

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        gamma: float | LearningRateSchedule = 35.0,
        discriminator: keras.Model | None = None,
        discriminator_learning_rate: float = 1e-4,
        **options,
    ):
        check_annealed_weights(gamma=gamma)
        check_positive(discriminator_learning_rate=discriminator_learning_rate)
        if not isinstance(discriminator, (keras.Model, type(None))):
            raise ValueError(f"`discriminator` must be a keras.Model or None. Received: {discriminator!r}")
        super().__init__(encoder, decoder, **options)
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
    def trainable_variables(self) -> list[keras.Variable]:
        """The variables of the main optimizer; the discriminator has an optimizer of its own."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    def vae(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Returns the terms and the loss of the first update."""
        q, code, p = self.infer(x, key, training)
        rec = reconstruction(x, p)
        kl = self.kl_terms(q)
        z, _ = self.latents.split(code)
        D = tf.cast(self.discriminator(z, training=training), tf.float32)
        tc = D[:, 0] - D[:, 1]  # log D(z) - log(1 - D(z))
        terms = {"reconstruction": rec, **kl, "total_correlation": tc}
        loss = rec + sum(kl.values()) + at_step(self.gamma, self.step) * tc
        return {**terms, "loss": loss}

    def adversary(self, batches: tuple[tf.Tensor, tf.Tensor], key: tf.Tensor, training: bool) -> Terms:
        """Returns the cross-entropy of D in nats, a scalar, on the images of B and B'."""
        x, x_next = batches
        z, z_next = (self.sample_z(batch, fold(key, i), training) for i, batch in enumerate((x, x_next)))
        from_joint = tf.cast(self.discriminator(z, training=training), tf.float32)
        from_marginals = tf.cast(self.discriminator(permuted(z_next, fold(key, 2)), training=training), tf.float32)
        right = tf.nn.log_softmax(from_joint)[:, 0], tf.nn.log_softmax(from_marginals)[:, 1]
        loss = -0.5 * (tf.reduce_mean(right[0]) + tf.reduce_mean(right[1]))
        return {"discriminator": loss, "loss": loss}

    def sample_z(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns z ~ q(z | x), [B, d], through which no gradient flows."""
        z, _ = self.latents.split(self.stateless_posterior(x, training).rsample(key))
        return tf.stop_gradient(z)

    def objective(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> Terms:
        """Returns the loss of the first update, and the cross-entropy of D in nats on the same images."""
        return {**self.adversary((x, x), key, training), **self.vae(x, key, training)}

    def train_step(self, data: Batch) -> Terms:
        """Makes both updates, and returns the running mean of every term of both."""
        x, x_next = self.minibatches(data)
        terms = self.apply_gradient_step(self.regularized(self.vae), x, self.trainable_variables)
        D, optimizer = self.discriminator.variables, self.discriminator_optimizer
        adversary = self.apply_gradient_step(self.adversary, (x, x_next), D, optimizer=optimizer, update=1)
        return self.finish_step({**adversary, **terms}, x)

    def optimizers(self) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
        """Returns the main optimizer and the discriminator's, each with its variables."""
        return [*super().optimizers(), (self.discriminator_optimizer, self.discriminator.variables)]
