"""What `fit` and `evaluate` show: the mean of every term over the images."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from vaezoo import replicas
from vaezoo.models.checked import CheckedModel
from vaezoo.models.inputs import depends_on
from vaezoo.terms import Batch, Terms

EVALUATION = 2**31 - 1  # the "step" whose noise evaluate uses


class TermMeans(keras.metrics.Metric):
    """The mean of each term over all images since the last reset, of all terms at once.

    Args:
        terms: the names of the terms.
    """

    def __init__(self, terms: list[str]):
        """Initializes the metric; see the class."""
        super().__init__(name="loss")
        self.terms = terms
        first = "only_first_replica"  # all replicas have the same sums
        self.total = self.add_variable((len(terms),), "zeros", aggregation=first, name="total")
        self.count = self.add_variable((), "zeros", aggregation=first, name="count")

    def update_state(self, terms: Terms) -> None:
        """Adds the batches of all replicas: each term is [B], or a scalar for all images of the batch."""
        B = tf.cast(tf.size(terms["loss"]), tf.float32)
        # The AddN that TensorFlow makes of the loss starts with the first term that nothing else reads any more, so the
        # order of its sum would depend on when the means are taken: they wait for it.
        with tf.control_dependencies([terms["loss"]]):
            total = B * tf.stack([tf.reduce_mean(terms[name]) for name in self.terms])
        if replicas.count() > 1:
            *total, B = tf.unstack(replicas.total(tf.concat([total, [B]], axis=0)))
        self.total.assign_add(total)
        self.count.assign_add(B)

    def result(self) -> Terms:
        """Returns the mean of each term, by its name."""
        means = tf.unstack(tf.math.divide_no_nan(self.total.value, self.count.value))
        return dict(zip(self.terms, means, strict=True))


class RunningMeans(CheckedModel):
    """A model that keeps the running mean of each term of its `regularized(objective)`.

    A subclass defines `objective`, `regularized` and `key`.

    Args:
        options: as for `keras.Model`.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self._means: TermMeans | None = None

    def test_step(self, data: Batch) -> Terms:
        """Computes the terms on a batch with the noise of evaluation, and returns the running mean of every term."""
        x = self.prepare_batch(data)
        batch = self._means.count if self._means else 0
        key = self.key(EVALUATION, tf.cast(batch, tf.int32))
        return self.update_means(self.regularized(self.objective)(x, key, training=False), x)

    @property
    def metrics(self) -> list[TermMeans]:
        """The running means of all terms. Their names are those of the objective on a blank batch of two images."""
        if self._means is None:
            with tf.init_scope(), self.distribute_strategy.scope():
                spec = self.element_spec
                x = self.prepare_batch(tf.nest.map_structure(lambda x: tf.zeros((2, *x.shape[1:]), x.dtype), spec))
                terms = self.regularized(self.objective)(x, self.key(0, 0), training=False)
                # The order in which Keras returns values without names.
                self._means = TermMeans(["loss", *sorted(set(terms) - {"loss"})])
        return [self._means]

    @property
    def metrics_names(self) -> list[str]:
        """The names of all terms, "loss" first."""
        return self.metrics[0].terms

    def update_means(self, terms: Terms, x: Batch) -> Terms:
        """Updates and returns the means; a term of the whole batch has the weight of all its images."""
        with depends_on(x):
            self._means.update_state(terms)
        means = self._means.result()
        if isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return {name: mean[None] for name, mean in means.items()}  # Keras takes their mean along an axis
        return means

    def optimizers(self) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
        """Returns every optimizer with the variables that it is built on: what an exact resume must restore."""
        return [(self.optimizer, self.trainable_variables)]

    def make_train_function(self, force: bool = False) -> Callable | None:
        """Builds metrics and optimizers first: XLA cannot create variables, and a graph that does is traced twice."""
        _ = self.metrics
        with self.distribute_strategy.scope():
            for optimizer, variables in self.optimizers():
                optimizer.build(variables)
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Callable | None:
        """Builds the metrics first, as `make_train_function` does."""
        _ = self.metrics
        return super().make_test_function(force)
