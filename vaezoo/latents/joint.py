"""The posterior q(z, y | x): a Gaussian block and any number of categorical ones, independent given x."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_probability as tfp

from vaezoo.latents.categorical import most_probable, one_hot_categorical, relaxed
from vaezoo.latents.gaussian import diagonal_gaussian, reparameterised
from vaezoo.latents.noise import fold

tfd = tfp.distributions


class Posterior(tfd.Distribution):
    """A distribution over codes [B, d + sum K]: z ~ N(mu, diag exp(log_var)), then one one-hot y per block.

    It implements tfp's `sample`, `log_prob`, `entropy`, `mean` (mu, then the class probabilities), `mode` (mu, then
    the one-hots of the most probable classes) and `kl_divergence` from another posterior with the same blocks.

    Args:
        mu: float32 [B, d], the means of z.
        log_var: float32 [B, d], the logarithms of its variances.
        logits: one float32 [B, K] for each categorical block.
        name: the name that tfp gives to the distribution's operations.

    Attributes:
        mu, log_var, logits: the above; `logits` is a tuple.
    """

    def __init__(self, mu: tf.Tensor, log_var: tf.Tensor, logits: Sequence[tf.Tensor] = (), name: str = "Posterior"):
        """Initializes the distribution; see the class."""
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
        """The distributions of z [B, d] and of every y [B, K], built on each access."""
        return [diagonal_gaussian(self.mu, self.log_var), *map(one_hot_categorical, self.logits)]

    @property
    def sizes(self) -> list[int]:
        """The sizes of the parts of a code: d, then every K."""
        return [self.mu.shape[-1], *(block.shape[-1] for block in self.logits)]

    @property
    def probs(self) -> tuple[tf.Tensor, ...]:
        """The class probabilities q(y | x), a [B, K] for each categorical block."""
        return tuple(map(tf.nn.softmax, self.logits))

    def rsample(self, key: tf.Tensor, temperature: float | tf.Tensor | None = None) -> tf.Tensor:
        """Draws a reparameterised code as a pure function of `key`, so that gradients reach the parameters.

        Args:
            key: int32 [2], of the noise (see `vaezoo.latents.noise`).
            temperature: of the Gumbel-softmax samples of each y. By default each y is the one-hot of the most probable
                class, through which no gradient passes.

        Returns:
            The code, float32 [B, d + sum K].
        """
        z = reparameterised(fold(key, 0), self.mu, self.log_var)
        if temperature is None:
            return tf.concat([z, *map(most_probable, self.logits)], axis=-1)
        y = [relaxed(fold(key, i), block, temperature) for i, block in enumerate(self.logits, start=1)]
        return tf.concat([z, *y], axis=-1)

    def _batch_shape(self):
        return self.mu.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self.mu)[:-1]

    def _event_shape(self):
        return tf.TensorShape([sum(self.sizes)])

    def _event_shape_tensor(self):
        return tf.constant([sum(self.sizes)])

    def _sample_n(self, n: int, seed: tf.Tensor | None = None):
        seeds = tfp.random.split_seed(seed, n=len(self.sizes))
        return tf.concat([block.sample(n, seed=seeds[i]) for i, block in enumerate(self.blocks)], axis=-1)

    def _log_prob(self, code: tf.Tensor):
        parts = tf.split(code, self.sizes, axis=-1)
        return tf.add_n([block.log_prob(part) for block, part in zip(self.blocks, parts, strict=True)])

    def _entropy(self):
        return tf.add_n([block.entropy() for block in self.blocks])

    def _mean(self):
        return tf.concat([self.mu, *self.probs], axis=-1)

    def _mode(self):
        return tf.concat([self.mu, *map(most_probable, self.logits)], axis=-1)


@tfd.RegisterKL(Posterior, Posterior)
def kl_of_posteriors(q: Posterior, p: Posterior, name: str | None = None) -> tf.Tensor:
    """KL(q || p), [B] nats: the sum of the blocks' divergences, which add up because the blocks are independent."""
    return tf.add_n([one.kl_divergence(other) for one, other in zip(q.blocks, p.blocks, strict=True)])
