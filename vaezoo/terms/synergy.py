"""The synergy of the latents: Imax of the worst subset (Non-Syn VAE, Algorithms 2 to 4)."""

from __future__ import annotations

import tensorflow as tf


def worst_subset(K: tf.Tensor, omega: float) -> tf.Tensor:
    """Mask of the worst subset W: 1 for the latents that the greedy policy leaves out, 0 for the best ones.

    K: KL of each latent, [..., d] nats, >= 0. omega: discount of the policy, in (0, 1]. Returns float [..., d].

    The policy adds the best candidate while omega * Imax(best + [c]) > Imax(best), the first one whatever omega
    if its K > 0. Imax is additive (the KL of a factorial Gaussian), so its rounds go through K in descending
    order (ties to the lower index) and stop at the first refusal: a sort and a cumulative sum. Non-Syn VAE,
    Algorithm 4, read as its text intends. A scan that updates its best value within a round, as the algorithm is
    printed, depends on the order of the latents; `NonSynVAE` says how often the two differ.
    """
    order = tf.argsort(K, axis=-1, direction="DESCENDING", stable=True)
    K_sorted = tf.gather(K, order, axis=-1, batch_dims=K.shape.rank - 1)
    with_next = tf.cumsum(K_sorted, axis=-1)
    without = tf.concat([tf.zeros_like(K[..., :1]), with_next[..., :-1]], axis=-1)
    discount = tf.concat([tf.ones_like(K[..., :1]), tf.fill(tf.shape(K[..., 1:]), omega)], axis=-1)
    accepted = tf.cast(discount * with_next > without, K.dtype)
    best = tf.math.cumprod(accepted, axis=-1)
    rank = tf.argsort(order, axis=-1)
    return 1.0 - tf.gather(best, rank, axis=-1, batch_dims=K.shape.rank - 1)


def imax(K: tf.Tensor, subset: tf.Tensor) -> tf.Tensor:
    """Imax(A) = sum_{k in A} K_k, [...] nats, from K [..., d] and a 0/1 mask (Non-Syn VAE, Algorithm 2)."""
    return tf.reduce_sum(K * subset, axis=-1)
