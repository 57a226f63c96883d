"""The synergy of the latents, Imax of the worst subset (Non-Syn VAE, Algorithms 2 to 4)."""

from __future__ import annotations

import tensorflow as tf

from vaezoo import replicas


def worst_subset(K: tf.Tensor, omega: float) -> tf.Tensor:
    """Computes the mask of the worst subset W, the latents that the greedy policy leaves out.

    In each round the policy adds the best candidate c if omega * Imax(best + [c]) > Imax(best); the first candidate is
    added for any omega if its K > 0. Imax is additive (the KL of a factorial Gaussian), so that the rounds visit K in
    descending order (ties: lower index first) and end at the first rejection: a sort and a cumulative sum.

    This is Algorithm 4 as its text describes it. As printed, it updates its best value within a round and so depends on
    the order of the latents; `NonSynVAE` says how often the two differ.

    Args:
        K: the KL of each latent, [..., d] nats, >= 0.
        omega: the discount of the policy, in (0, 1].

    Returns:
        float [..., d], 1 for the latents of W and 0 for the others.

    References:
        "Non-Synergistic Variational Autoencoders" (ICLR 2019 submission), Algorithm 4.
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
    """Computes Imax(A) = sum_{k in A} K_k.

    Args:
        K: the KL of each latent, [..., d] nats.
        subset: the mask of A, [..., d], 0 or 1.

    Returns:
        [...] nats.

    References:
        "Non-Synergistic Variational Autoencoders" (ICLR 2019 submission), Algorithm 2.
    """
    return tf.reduce_sum(K * subset, axis=-1)


def worst_imax(K: tf.Tensor, omega: float = 0.9, policy: str = "minibatch") -> tf.Tensor:
    """Computes Imax(W) of each image, where W is the worst subset of the latents. No gradient goes through W.

    Args:
        K: the KL of each latent, [B, d] nats.
        omega: the discount of the policy, in (0, 1].
        policy: "minibatch" chooses one W from the mean of K over the images, "per_example" one for each image.

    Returns:
        [B] nats.

    References:
        "Non-Synergistic Variational Autoencoders" (ICLR 2019 submission), Algorithm 1 and Eq. 16.
    """
    K_chooses = replicas.mean(tf.reduce_mean(K, axis=0, keepdims=True)) if policy == "minibatch" else K
    return imax(K, tf.stop_gradient(worst_subset(K_chooses, omega)))
