"""The abstract class of the zoo: networks and latents, a training step, and Keras's verbs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from keras.optimizers.schedules import LearningRateSchedule
from numpy.typing import ArrayLike

from vaezoo.latents import LatentSpec, Posterior
from vaezoo.latents.noise import step_key
from vaezoo.models.compatibility import checked_networks
from vaezoo.models.hyperparameters import at_step, check_distributions, check_whole
from vaezoo.models.inputs import checked_images, depends_on
from vaezoo.models.running_means import RunningMeans
from vaezoo.regularizers import VAT
from vaezoo.terms import Batch, Objective, Terms, categorical_kl, gaussian_kl

tfd = tfp.distributions


class BaseVAE(RunningMeans):
    """The abstract class of the zoo. A model normally writes only `objective`.

    Args:
        encoder: maps images [B, H, W, C] to [B, latents.parameters], or to a list of mu [B, d], log_var [B, d] and the
            logits [B, K] of each categorical block.
        decoder: maps codes [B, latents.size] to [B, H, W, C]. The outputs of both networks are cast to float32.
        latents: the blocks of the code.
        likelihood: "bernoulli" (the decoder gives logits) or "gaussian" (it gives means, with standard deviation
            `scale` in units of the pixels' [0, 1]).
        scale: standard deviation of the Gaussian likelihood.
        temperature: temperature of the relaxed categorical samples in training: a number, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the step.
        regularizer: a `VAT` (or a dict of its arguments), which is added to the loss of models with categorical
            latents, in training and evaluation; or None.
        seed: seed of all noise, an integer; or None for one drawn by `random`, which keras.utils.set_random_seed seeds.
        name: name of the Keras model.

    Raises:
        ValueError: where the networks do not fit each other or the latents, where one computes in float16, whose
            gradients would need a loss scale, and for impossible values.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        latents: LatentSpec = LatentSpec(),  # noqa: B008 (frozen)
        likelihood: str = "bernoulli",
        scale: float = 1.0,
        temperature: float | LearningRateSchedule = 0.67,
        regularizer: VAT | Mapping | None = None,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype="float32")
        check_distributions(likelihood, scale, temperature)
        self.encoder, self.decoder = checked_networks(encoder, decoder, latents, likelihood)
        self.latents = latents
        self.likelihood, self.scale, self.temperature = likelihood, scale, temperature
        self.regularizer = VAT.of(regularizer)
        self.seed = random.randrange(2**31) if seed is None else seed
        self.step = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False, name="step")
        self.built = True  # or a reload forgets the optimizer's state

    # The distributions

    def encode(self, x: ArrayLike, training: bool = False) -> Posterior:
        """Returns q(z, y | x), a tfp distribution over codes, of images [B, H, W, C] in [0, 1], or of a list of them.

        Raises:
            ValueError: for other shapes, dtypes or values.
        """
        return self.posterior(checked_images(x, self.image_shape), training)

    def posterior(self, x: tf.Tensor, training: bool = False) -> Posterior:
        """Returns q(z, y | x) of images that are not checked."""
        return self.latents.posterior(self.encoder(x, training=training))

    def stateless_posterior(self, x: tf.Tensor, training: bool = False) -> Posterior:
        """Returns q(z, y | x) by a pass that does not update the statistics of BatchNorm."""
        weights, statistics = self.encoder.trainable_variables, self.encoder.non_trainable_variables
        return self.latents.posterior(self.encoder.stateless_call(weights, statistics, x, training=training)[0])

    def decode(self, code: tf.Tensor, training: bool = False) -> tfd.Distribution:
        """Returns p(x | z, y), a tfp distribution over images [H, W, C], of codes [B, latents.size]."""
        pixels = tf.cast(self.decoder(code, training=training), tf.float32)
        if self.likelihood == "bernoulli":
            return tfd.Independent(tfd.Bernoulli(logits=pixels, dtype=tf.float32), 3)
        return tfd.Independent(tfd.Normal(pixels, self.scale), 3)

    def infer(self, x: tf.Tensor, key: tf.Tensor, training: bool) -> tuple[Posterior, tf.Tensor, tfd.Distribution]:
        """Returns q(z, y | x), a code drawn from it (relaxed in training, one-hot otherwise) and p(x | code)."""
        q = self.posterior(x, training)
        code = q.rsample(key, at_step(self.temperature, self.step) if training else None)
        return q, code, self.decode(code, training)

    def kl_terms(self, q: Posterior) -> Terms:
        """Returns KL_z and, with categorical blocks, KL_y summed over them: each [B] nats."""
        kl = {"kl_z": tf.reduce_sum(gaussian_kl(q.mu, q.log_var), axis=-1)}
        if q.logits:
            kl["kl_y"] = tf.add_n([categorical_kl(block) for block in q.logits])
        return kl

    # The objective

    def objective(self, x: Batch, key: tf.Tensor, training: bool) -> Terms:
        """Returns named, unweighted terms, each [B] nats, and the "loss" that is minimised, where the weights are.

        Args:
            x: images [B, H, W, C], or what `prepare_batch` returns.
            key: int32 [2], of all noise.
            training: whether samples are relaxed and layers are in training mode.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `objective`.")

    def regularized(self, objective: Objective) -> Objective:
        """Returns the objective with the regularizer's weighted penalty in its loss, where there are categoricals."""
        applies = self.regularizer and self.latents.categorical
        return self.regularizer.added_to(objective, self) if applies else objective

    # The step

    def train_step(self, data: Batch) -> Terms:
        """Updates all trainable variables on a batch, and returns the running mean of every term."""
        x = self.prepare_batch(data)
        terms = self.apply_gradient_step(self.regularized(self.objective), x, self.trainable_variables)
        return self.finish_step(terms, x)

    def apply_gradient_step(
        self,
        objective: Objective,
        x: Batch,
        variables: Sequence[keras.Variable],
        *,
        optimizer: keras.optimizers.Optimizer | None = None,
        update: int = 0,
    ) -> Terms:
        """Updates `variables`, and nothing else, against the batch mean of the loss; returns the terms before that.

        Args:
            objective: as `BaseVAE.objective`, on the images x.
            x: images [B, H, W, C], or what `objective` takes.
            variables: those that the update moves.
            optimizer: the compiled one by default.
            update: number of this update within the step. From the second on, the compiled optimizer's `iterations`,
                which learning-rate schedules follow, do not advance: they count steps.
        """
        main = optimizer is None
        optimizer = self.optimizer if main else optimizer
        if not optimizer.built:
            optimizer.build(self.trainable_variables)
        with tf.GradientTape() as tape:
            terms = objective(x, self.key(self.step, update), training=True)
            loss = tf.reduce_mean(terms["loss"]) / tf.distribute.get_strategy().num_replicas_in_sync
            loss = optimizer.scale_loss(loss)
        gradients = tape.gradient(loss, variables)
        with depends_on(x):
            optimizer.apply(gradients, variables)
            if main and update:
                optimizer.iterations.assign_sub(1)
        return terms

    def finish_step(self, terms: Terms, x: Batch) -> Terms:
        """Counts a training step on images x and returns the running mean of every term."""
        with depends_on(x):
            self.step.assign_add(1)
        return self.update_means(terms, x)

    def key(self, step: int | tf.Tensor, stream: int | tf.Tensor) -> tf.Tensor:
        """Returns the key (int32 [2]) of all noise of a step: a pure function of (seed, step, stream)."""
        return step_key(self.seed, step, stream)

    # Keras's verbs

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns mean codes [B, d + sum K]: mu, then the class probabilities of each categorical block."""
        return self.encode(x, training).mean()

    def generate(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Returns mean images float32 [n, H, W, C] of n codes drawn from the prior, the same ones for the same seed."""
        seed = self.seed if seed is None else seed
        check_whole(n=n, least=0)
        check_whole(seed=seed)
        code = self.latents.prior().sample(n, seed=tf.constant([seed % 2**31, 0], tf.int32))
        return self.decode(code[:, 0]).mean().numpy()

    def reconstruct(self, x: ArrayLike) -> np.ndarray:
        """Returns mean images float32 [N, H, W, C] at the posterior modes of images [N, H, W, C]."""
        return self.decode(self.encode(x).mode()).mean().numpy()
