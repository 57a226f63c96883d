"""The reconstruction term."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp


def reconstruction(x: tf.Tensor, likelihood: tfp.distributions.Distribution) -> tf.Tensor:
    """-log p(x | z), [B] nats, summed over pixels and channels (Kingma & Welling 2013, Eq. 8).

    x: images [B, H, W, C] in [0, 1]; likelihood: p(x | z) with event shape [H, W, C]. Grey pixels under a
    Bernoulli likelihood give the cross-entropy, which is not 0 at its best.
    """
    return -likelihood.log_prob(x)
