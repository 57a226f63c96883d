"""What every model shares: networks, latents, the step, and Keras's fit, predict, save."""

from __future__ import annotations

import inspect
import math
import numbers
import random

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from keras.optimizers.schedules import LearningRateSchedule

from vaezoo.latents import LatentSpec, Posterior
from vaezoo.latents.noise import fold
from vaezoo.models.checked import CheckedModel
from vaezoo.models.compatibility import checked_networks
from vaezoo.models.hyperparameters import check_positive, check_weights, check_whole
from vaezoo.models.inputs import after, checked_images, images_only
from vaezoo.terms import categorical_kl, gaussian_kl, neighbour_radius, smoothness

tfd = tfp.distributions
EVALUATION = 2**31 - 1  # the "step" whose noise evaluate uses


class BaseVAE(CheckedModel):
    """The abstract class of the zoo. A model normally writes only `objective`.

    encoder: images [B, H, W, C] -> [B, latents.parameters], or a list of mu [B, d], log_var [B, d] and the logits
        [B, K] of each categorical block. decoder: codes [B, latents.size] -> [B, H, W, C].
    latents: a `LatentSpec`.
    likelihood: "bernoulli" (the decoder gives logits) or "gaussian" (it gives means, with standard deviation
        `scale` in units of the pixels' [0, 1]).
    temperature: of the relaxed categorical samples in training: a number, or a
        `keras.optimizers.schedules.LearningRateSchedule` of the step.
    vat_weight: of the smoothness of q(y | x), for models with categorical latents (`vaezoo.terms.smoothness`): its
        part of the loss, unless the model says otherwise; 0 leaves it out.
    vat_radius: its epsilon, in the units of the images' Euclidean norm, or "neighbour" for a quarter of the
        distance to the nearest other image of the minibatch (after IMSAT, Hu et al. 2017).
    seed: of all noise; a whole number, or None for one drawn by `random`, which keras.utils.set_random_seed seeds.

    Raises ValueError where the networks do not fit each other or the latents, where one computes in float16, whose
    gradients would need a loss scale, and for impossible values.
    """

    batches_per_step = 1
    """Independent minibatches that a training step splits each incoming batch into."""

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        latents: LatentSpec = LatentSpec(),  # noqa: B008 (frozen)
        likelihood: str = "bernoulli",
        scale: float = 1.0,
        temperature=0.67,
        vat_weight: float = 0.0,
        vat_radius: float | str = 1.0,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype="float32")
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"`likelihood` must be 'bernoulli' or 'gaussian'. Received: {likelihood!r}")
        check_positive(scale=scale)
        check_weights(vat_weight=vat_weight)
        if vat_radius != "neighbour" and (isinstance(vat_radius, str) or not vat_radius > 0):
            raise ValueError(f"`vat_radius` must be positive or 'neighbour'. Received: {vat_radius!r}")
        scheduled = isinstance(temperature, LearningRateSchedule)
        if not scheduled and not (isinstance(temperature, numbers.Real) and 0 < temperature < math.inf):
            raise ValueError(f"`temperature` must be positive or a schedule of the step. Received: {temperature!r}")
        self.encoder, self.decoder = checked_networks(encoder, decoder, latents, likelihood)
        self.latents = latents
        self.likelihood, self.scale, self.temperature = likelihood, scale, temperature
        self.vat_weight, self.vat_radius = vat_weight, vat_radius
        self.seed = random.randrange(2**31) if seed is None else seed
        self.step = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False, name="step")
        self._means: dict[str, keras.metrics.Mean] = {}
        self.built = True  # or a reload forgets the optimizer's state

    # The distributions

    def encode(self, x, training: bool = False) -> Posterior:
        """q(z, y | x), a tfp distribution over codes, from images [B, H, W, C] in [0, 1], or a list of them.

        Raises ValueError for other shapes, dtypes or values.
        """
        return self.posterior(checked_images(x, self.image_shape), training)

    def posterior(self, x, training: bool = False) -> Posterior:
        """`encode` without a check: of perturbed images, for instance."""
        return self.latents.posterior(self.encoder(x, training=training))

    def encode_apart(self, x, training: bool) -> Posterior:
        """`posterior`, but the statistics of BatchNorm stay where they were: for a pass beside the one that trains."""
        statistics = self.encoder.non_trainable_variables
        before = [tf.identity(variable) for variable in statistics]
        q = self.posterior(x, training)
        for variable, value in zip(statistics, before, strict=True):
            variable.assign(value)
        return q

    def decode(self, code, training: bool = False) -> tfd.Distribution:
        """p(x | z, y), a tfp distribution over images [H, W, C], from codes [B, latents.size]."""
        pixels = tf.cast(self.decoder(code, training=training), tf.float32)
        if self.likelihood == "bernoulli":
            return tfd.Independent(tfd.Bernoulli(logits=pixels, dtype=tf.float32), 3)
        return tfd.Independent(tfd.Normal(pixels, self.scale), 3)

    def infer(self, x, key, training: bool):
        """q(z, y | x), a code drawn from it (relaxed in training, one-hot otherwise) and p(x | code)."""
        q = self.posterior(x, training)
        code = q.rsample(key, self.temperature_now() if training else None)
        return q, code, self.decode(code, training)

    def temperature_now(self):
        """The temperature at this step."""
        scheduled = isinstance(self.temperature, LearningRateSchedule)
        return self.temperature(self.step) if scheduled else self.temperature

    def kl_terms(self, q: Posterior) -> dict[str, tf.Tensor]:
        """KL_z and, where there are categorical blocks, KL_y summed over them: each [B] nats."""
        kl = {"kl_z": tf.reduce_sum(gaussian_kl(q.mu, q.log_var), axis=-1)}
        if q.logits:
            kl["kl_y"] = tf.add_n([categorical_kl(block) for block in q.logits])
        return kl

    def vat(self, x, q: Posterior, key, training: bool) -> tf.Tensor | float:
        """The smoothness of q(y | x), [B] nats; 0 without categorical latents or without weight.

        Perturbed passes normalise as the clean one does, but leave the statistics of BatchNorm where they were.
        """
        if not q.logits or not self.vat_weight:
            return 0.0
        radius = neighbour_radius(x, x, neighbour=1) if self.vat_radius == "neighbour" else self.vat_radius
        predict = lambda x: self.encode_apart(x, training).logits  # noqa: E731
        return smoothness(predict, x, q.logits, fold(key, -2), epsilon=radius)

    def with_vat(self, x, q: Posterior, key, training: bool, terms: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The terms of a loss, with vat_weight x smoothness where there are categorical latents and a weight."""
        if not q.logits or not self.vat_weight:
            return terms
        smooth = self.vat(x, q, key, training)
        return {**terms, "smoothness": smooth, "loss": terms["loss"] + self.vat_weight * smooth}

    # The step

    def objective(self, x, key, training: bool) -> dict[str, tf.Tensor]:
        """Named, unweighted terms, each [B] nats, and the "loss" that is minimised, where the weights are.

        x: images [B, H, W, C]; key: of all noise, int32 [2].
        """
        raise NotImplementedError(f"{type(self).__name__} must define `objective`.")

    def train_step(self, data):
        x = images_only(data)
        return self.record(self.descend(self.objective, x, self.trainable_variables), x)

    def test_step(self, data):
        x = images_only(data)
        batch = self._means["loss"].count if self._means else 0
        return self.update_means(self.objective(x, self.key(EVALUATION, tf.cast(batch, tf.int32)), training=False), x)

    def descend(self, objective, x, variables, *, optimizer=None, update: int = 0) -> dict[str, tf.Tensor]:
        """One update of `variables`, and of nothing else, against the batch mean of `objective(x, ...)["loss"]`.

        update: its number within the step. From the second on, the main optimizer's `iterations`, which
        learning-rate schedules follow, do not advance: they count steps.
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
        with after(x):
            optimizer.apply(gradients, variables)
            if main and update:
                optimizer.iterations.assign_sub(1)
        return terms

    def record(self, terms: dict[str, tf.Tensor], x) -> dict[str, tf.Tensor]:
        """Closes a training step on images x: counts it, and returns the running mean of every term."""
        with after(x):
            self.step.assign_add(1)
        return self.update_means(terms, x)

    def update_means(self, terms: dict[str, tf.Tensor], x) -> dict[str, tf.Tensor]:
        """Means over images; a term of the batch as a whole counts as many times as there are images in it."""
        with after(x):
            for name, value in terms.items():
                self._means[name].update_state(tf.broadcast_to(value, tf.shape(terms["loss"])))
        return {metric.name: metric.result() for metric in self.metrics}

    def key(self, step, stream) -> tf.Tensor:
        """The key (int32 [2]) of all noise of a step: a pure function of (seed, step, stream, replica)."""
        key = tf.stack([tf.constant(self.seed % 2**31, tf.int32), tf.cast(step, tf.int32)])
        key = fold(key, stream)
        context = tf.distribute.get_replica_context()
        many = context is not None and tf.distribute.get_strategy().num_replicas_in_sync > 1
        return fold(key, context.replica_id_in_sync_group) if many else key

    @property
    def metrics(self):
        if not self._means:
            with tf.init_scope():  # two blank images tell the names of the terms
                terms = self.objective(tf.zeros((2, *self.image_shape)), self.key(0, 0), training=False)
            for name in sorted(terms, key="loss".__ne__):
                self._means[name] = keras.metrics.Mean(name=name)
        return list(self._means.values())

    def optimizers(self) -> list[tuple[keras.optimizers.Optimizer, list]]:
        """Every optimizer with the variables that it is built on; what exact resume must keep."""
        return [(self.optimizer, self.trainable_variables)]

    def minibatches(self, data) -> list[tf.Tensor]:
        """`batches_per_step` independent minibatches: the parts of an incoming batch of images.

        A batch that does not divide (the last of an array) gives parts that share an image, so none is empty.
        """
        x, parts = images_only(data), self.batches_per_step
        B = tf.shape(x)[0]
        return [x[i * B // parts : -(-(i + 1) * B // parts)] for i in range(parts)]

    def make_train_function(self, force=False):
        """Keras's, once metrics and optimizers have their variables.

        XLA cannot make a variable inside the step, and a tf.function that makes one is traced twice.
        """
        _ = self.metrics
        with self.distribute_strategy.scope():
            for optimizer, variables in self.optimizers():
                optimizer.build(variables)
        return super().make_train_function(force)

    def make_test_function(self, force=False):
        """Keras's, once `metrics` exist, as for `make_train_function`."""
        _ = self.metrics
        return super().make_test_function(force)

    # Keras's verbs

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images."""
        return tuple(self.encoder.input_shape[1:])

    def call(self, x, training: bool = False):
        """Mean codes [B, d + sum K]: mu, then the class probabilities of each categorical block."""
        return self.encode(x, training).mean()

    def generate(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Mean images float32 [n, H, W, C] of n codes drawn from the prior, the same ones for the same seed."""
        seed = self.seed if seed is None else seed
        check_whole(n=n, least=0)
        check_whole(seed=seed)
        code = self.latents.prior().sample(n, seed=tf.constant([seed % 2**31, 0], tf.int32))
        return self.decode(code[:, 0]).mean().numpy()

    def reconstruct(self, x) -> np.ndarray:
        """Mean images float32 [N, H, W, C] at the posterior modes of images [N, H, W, C]."""
        return self.decode(self.encode(x).mode()).mean().numpy()

    @classmethod
    def hyperparameters(cls) -> dict[str, inspect.Parameter]:
        """Every constructor argument, this class's and those that it passes on."""
        return {
            name: parameter
            for owner in (BaseVAE, cls)
            for name, parameter in inspect.signature(owner.__init__).parameters.items()
            if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }

    def get_config(self):
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.hyperparameters()}

    @classmethod
    def from_config(cls, config):
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})
