"""q(z, y | x): a Gaussian block and any number of categorical ones, independent given x."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.categorical import most_probable, one_hot_categorical, relaxed
from vaezoo.latents.gaussian import diagonal_gaussian, reparameterised
from vaezoo.latents.noise import fold

tfd = tfp.distributions


class Posterior(tfd.Distribution):
    """A distribution over codes [B, d + sum K]: z ~ N(mu, diag exp(log_var)), then one one-hot y per block.

    It is a tfp distribution: `sample`, `log_prob`, `entropy`, `kl_divergence` from another one with the same blocks,
    and `mean`, which is mu followed by the class probabilities. What the terms of objectives need are attributes:

    mu, log_var: float32 [B, d].
    logits: a tuple with one float32 [B, K] for each categorical block.
    """

    def __init__(self, mu, log_var, logits=(), name="Posterior"):
        parameters = dict(locals())
        self.mu, self.log_var, self.logits = mu, log_var, tuple(logits)
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=False,
            parameters=parameters,
            name=name,
        )

    @property
    def blocks(self) -> list[tfd.Distribution]:
        """The distribution of z [B, d] and of every y [B, K]; made when asked for, which a training step never does."""
        return [diagonal_gaussian(self.mu, self.log_var), *map(one_hot_categorical, self.logits)]

    @property
    def sizes(self) -> list[int]:
        """d and every K: the sizes of the parts of a code."""
        return [self.mu.shape[-1], *(block.shape[-1] for block in self.logits)]

    def _batch_shape(self):
        return self.mu.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self.mu)[:-1]

    def _event_shape(self):
        return tf.TensorShape([sum(self.sizes)])

    def _event_shape_tensor(self):
        return tf.constant([sum(self.sizes)])

    def _sample_n(self, n, seed=None):
        seeds = tfp.random.split_seed(seed, n=len(self.sizes))
        return tf.concat([block.sample(n, seed=seeds[i]) for i, block in enumerate(self.blocks)], axis=-1)

    def _log_prob(self, code):
        parts = tf.split(code, self.sizes, axis=-1)
        return tf.add_n([block.log_prob(part) for block, part in zip(self.blocks, parts, strict=True)])

    def _entropy(self):
        return tf.add_n([block.entropy() for block in self.blocks])

    def _mean(self):
        return tf.concat([self.mu, *self.probs], axis=-1)

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


@tfd.RegisterKL(Posterior, Posterior)
def kl_of_posteriors(q: Posterior, p: Posterior, name=None) -> tf.Tensor:
    """KL(q || p), [B] nats: the sum over the blocks, which are independent."""
    return tf.add_n([one.kl_divergence(other) for one, other in zip(q.blocks, p.blocks, strict=True)])
