"""The reconstruction term, a negative log-likelihood."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def reconstruction(x: tf.Tensor, likelihood: tfd.Distribution) -> tf.Tensor:
    """Computes -log p(x | z), summed over pixels and channels.

    Pixels between 0 and 1 under a Bernoulli likelihood give the cross-entropy, whose minimum is above 0.

    Args:
        x: images [B, H, W, C] in [0, 1].
        likelihood: p(x | z), with batch [B] and event [H, W, C].

    Returns:
        [B] nats.

    References:
        Kingma & Welling 2013, "Auto-Encoding Variational Bayes", Eq. 8.
    """
    if isinstance(likelihood, tfd.Independent) and isinstance(likelihood.distribution, tfd.Bernoulli):
        logits = likelihood.distribution.logits  # -log p = softplus(l) - x l: half the passes over the pixels of tfp's
        return tf.reduce_sum(tf.nn.softplus(logits) - x * logits, axis=[-3, -2, -1])
    return -likelihood.log_prob(x)
