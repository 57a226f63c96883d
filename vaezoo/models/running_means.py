"""What `fit` and `evaluate` show: the mean of every term over the images."""

from __future__ import annotations

import keras
import tensorflow as tf

from vaezoo.models.checked import CheckedModel
from vaezoo.models.inputs import depends_on


class RunningMeans(CheckedModel):
    """A model that keeps the running mean of each term of its `regularized(objective)`."""

    def __init__(self, **options):
        super().__init__(**options)
        self._means: dict[str, keras.metrics.Mean] = {}

    @property
    def metrics(self):
        """The running mean of every term. Their names are those of the objective on a blank batch of two images."""
        if not self._means:
            with tf.init_scope():
                spec = self.element_spec
                x = self.prepare_batch(tf.nest.map_structure(lambda x: tf.zeros((2, *x.shape[1:]), x.dtype), spec))
                terms = self.regularized(self.objective)(x, self.key(0, 0), training=False)
            for name in sorted(terms, key="loss".__ne__):
                self._means[name] = keras.metrics.Mean(name=name)
        return list(self._means.values())

    def update_means(self, terms: dict[str, tf.Tensor], x) -> dict[str, tf.Tensor]:
        """Updates and returns the means; a term of the whole batch has the weight of all its images."""
        with depends_on(x):
            for name, value in terms.items():
                self._means[name].update_state(tf.broadcast_to(value, tf.shape(terms["loss"])))
        return {metric.name: metric.result() for metric in self.metrics}

    def make_train_function(self, force=False):
        """Builds metrics and optimizers first: XLA cannot create variables, and a graph that does is traced twice."""
        _ = self.metrics
        with self.distribute_strategy.scope():
            for optimizer, variables in self.optimizers():
                optimizer.build(variables)
        return super().make_train_function(force)

    def make_test_function(self, force=False):
        """Builds the metrics first, as `make_train_function` does."""
        _ = self.metrics
        return super().make_test_function(force)
