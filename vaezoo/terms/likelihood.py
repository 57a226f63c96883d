"""The reconstruction term, a negative log-likelihood."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp


def reconstruction(x: tf.Tensor, likelihood: tfp.distributions.Distribution) -> tf.Tensor:
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
    return -likelihood.log_prob(x)
