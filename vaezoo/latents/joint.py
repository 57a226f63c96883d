"""q(z, y | x): a Gaussian block and any number of categorical ones, independent given x."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.categorical import most_probable, one_hot_categorical, relaxed
from vaezoo.latents.gaussian import diagonal_gaussian, reparameterised
from vaezoo.latents.noise import fold

tfd = tfp.distributions


class Posterior(tfd.Blockwise):
    """A distribution over codes [B, d + sum K]: z ~ N(mu, diag exp(log_var)), then one one-hot y per block.

    It is a tfp distribution (`sample`, `log_prob`, `kl_divergence`, and `mean`, which is mu followed by the
    class probabilities). What the terms of objectives need are attributes:

    mu, log_var: float32 [B, d].
    logits: a tuple with one float32 [B, K] for each categorical block.
    """

    def __init__(self, mu, log_var, logits=(), name="Posterior"):
        parameters = dict(locals())
        self.mu, self.log_var, self.logits = mu, log_var, tuple(logits)
        blocks = [diagonal_gaussian(mu, log_var), *map(one_hot_categorical, self.logits)]
        super().__init__(blocks, name=name)
        self._parameters = self._no_dependency(parameters)

    @property
    def probs(self) -> tuple[tf.Tensor, ...]:
        """q(y | x): a [B, K] for each categorical block."""
        return tuple(map(tf.nn.softmax, self.logits))

    def draw(self, key: tf.Tensor, temperature=None) -> tf.Tensor:
        """A random code [B, d + sum K], a pure function of `key` (int32 [2]).

        z is reparameterised; each y is Gumbel-relaxed at `temperature`, so that gradients reach its logits, or
        the most probable one-hot where that is None.
        """
        z = reparameterised(fold(key, 0), self.mu, self.log_var)
        if temperature is None:
            return tf.concat([z, *map(most_probable, self.logits)], axis=-1)
        y = [relaxed(fold(key, i), block, temperature) for i, block in enumerate(self.logits, start=1)]
        return tf.concat([z, *y], axis=-1)

    def typical(self) -> tf.Tensor:
        """The code [B, d + sum K] that stands for x at inference: mu and the most probable one-hots."""
        return tf.concat([self.mu, *map(most_probable, self.logits)], axis=-1)
