"""The training step and the evaluation step, and the means over the images that `fit` and `evaluate` show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from vaezoo.models.checked import CheckedModel
from vaezoo.models.inputs import depends_on, images_only, split_batch
from vaezoo.terms import Batch, Objective, Terms

EVALUATION = 2**31 - 1  # the "step" whose noise evaluate uses


class SteppedModel(CheckedModel):
    """A model that trains on its `regularized(objective)` and keeps the running mean of each of its terms.

    A subclass has a counter `step` and defines `objective`, `regularized` and `key`.

    Args:
        options: as for `keras.Model`.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self._means: dict[str, keras.metrics.Mean] = {}

    # The steps

    @property
    def batches_per_step(self) -> int:
        """The number of independent minibatches that a training step splits each incoming batch into."""
        return 1

    def prepare_batch(self, data: Batch) -> Batch:
        """Returns what `objective` takes as x, float32, from what Keras hands to a step: images; labels are ignored."""
        return images_only(data)

    def minibatches(self, data: Batch) -> list[tf.Tensor]:
        """Returns the `batches_per_step` independent minibatches of an incoming batch."""
        return split_batch(self.prepare_batch(data), self.batches_per_step)

    def train_step(self, data: Batch) -> Terms:
        """Updates all trainable variables on a batch, and returns the running mean of every term."""
        x = self.prepare_batch(data)
        terms = self.apply_gradient_step(self.regularized(self.objective), x, self.trainable_variables)
        return self.finish_step(terms, x)

    def test_step(self, data: Batch) -> Terms:
        """Computes the terms on a batch with the noise of evaluation, and returns the running mean of every term."""
        x = self.prepare_batch(data)
        batch = self._means["loss"].count if self._means else 0
        key = self.key(EVALUATION, tf.cast(batch, tf.int32))
        return self.update_means(self.regularized(self.objective)(x, key, training=False), x)

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

    def optimizers(self) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
        """Returns every optimizer with the variables that it is built on: what an exact resume must restore."""
        return [(self.optimizer, self.trainable_variables)]

    # The means

    @property
    def metrics(self) -> list[keras.metrics.Mean]:
        """The running mean of every term. Their names are those of the objective on a blank batch of two images."""
        if not self._means:
            with tf.init_scope():
                spec = self.element_spec
                x = self.prepare_batch(tf.nest.map_structure(lambda x: tf.zeros((2, *x.shape[1:]), x.dtype), spec))
                terms = self.regularized(self.objective)(x, self.key(0, 0), training=False)
            for name in sorted(terms, key="loss".__ne__):
                self._means[name] = keras.metrics.Mean(name=name)
        return list(self._means.values())

    def update_means(self, terms: Terms, x: Batch) -> Terms:
        """Updates and returns the means; a term of the whole batch has the weight of all its images."""
        with depends_on(x):
            for name, value in terms.items():
                self._means[name].update_state(tf.broadcast_to(value, tf.shape(terms["loss"])))
        return {metric.name: metric.result() for metric in self.metrics}

    def make_train_function(self, force: bool = False) -> Callable:
        """Builds metrics and optimizers first: XLA cannot create variables, and a graph that does is traced twice."""
        _ = self.metrics
        with self.distribute_strategy.scope():
            for optimizer, variables in self.optimizers():
                optimizer.build(variables)
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Callable:
        """Builds the metrics first, as `make_train_function` does."""
        _ = self.metrics
        return super().make_test_function(force)
