"""Virtual adversarial training (VAT), which makes q(y | x) locally smooth.

References:
    Miyato et al. 2016, "Distributional Smoothing with Virtual Adversarial Training".
    Hu et al. 2017, "Learning Discrete Representations via Information Maximizing Self-Augmented Training" (IMSAT).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from vaezoo import replicas
from vaezoo.latents.noise import standard_normal
from vaezoo.terms.information import cross_entropy

Logits: TypeAlias = tf.Tensor | Sequence[tf.Tensor]  # [B, K], or one for each categorical block
Predict: TypeAlias = Callable[[tf.Tensor], Logits]


def smoothness(
    predict: Predict,
    x: tf.Tensor,
    clean: Logits,
    key: tf.Tensor,
    *,
    epsilon: float | tf.Tensor = 1.0,
    xi: float = 1.0,
    power_iterations: int = 1,
) -> tf.Tensor:
    """Approximates max_{||eta|| <= epsilon} H(q(y | x); q(y | x + eta)).

    q(y | x) and eta are constants: gradients reach the weights through q(y | x + eta) alone. The terms of several
    blocks are summed, for one common eta. x + eta is not clipped to [0, 1].

    Args:
        predict: maps images to logits [B, K], or to several of them. It is called power_iterations + 1 times, and must
            not update BatchNorm statistics.
        x: images [B, H, W, C].
        clean: predict(x).
        key: int32 [2], of the random direction at which the power iteration starts.
        epsilon: the radius, a number or [B], in the units of the images' Euclidean norm.
        xi: the distance from x at which the gradient is taken. Measured on IMAE's encoder for MNIST against float64:
            rounding in float32 dominates the direction below 1e-4 (1e-6 is usual), rounding in bfloat16 below 1, and
            curvature from 3 on. At 1, eta reaches the same divergence within 5 % in both.
        power_iterations: steps of the power iteration.

    Returns:
        [B] nats.

    References:
        Zhang, Zhao & Balzano 2018, "Information Maximization Auto-Encoding", Eq. 9.
    """
    x = tf.convert_to_tensor(x)
    clean = [tf.stop_gradient(logits) for logits in blocks(clean)]
    direction = adversarial_direction(predict, x, clean, key, xi=xi, power_iterations=power_iterations)
    return divergence(clean, predict(x + per_example(epsilon, x) * direction))


def adversarial_direction(
    predict: Predict, x: tf.Tensor, clean: Logits, key: tf.Tensor, *, xi: float = 1.0, power_iterations: int = 1
) -> tf.Tensor:
    """Approximates the unit vector along which q(y | x) changes most, as a constant.

    This is the power iteration on the Hessian of KL(q(y | x) || q(y | x + r)) at r = 0, from a random unit vector u:
    u <- g / ||g||, with g the gradient at r = xi u. Where g is 0 (q is saturated), u does not change.

    Args:
        predict: as in `smoothness`.
        x: images [B, H, W, C].
        clean: predict(x).
        key: int32 [2], of the first u.
        xi: as in `smoothness`.
        power_iterations: as in `smoothness`.

    Returns:
        [B, H, W, C].
    """
    u = unit(standard_normal(key, tf.shape(x)))
    for _ in range(power_iterations):
        r = xi * u
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(r)
            # H(p; q) and KL(p || q) differ by H(p), which does not depend on r.
            change = divergence(clean, predict(x + r))
        g = tape.gradient(change, r, unconnected_gradients="zero")
        steepness = tf.reduce_max(tf.abs(g), axis=non_batch(g), keepdims=True)
        u = tf.where(steepness > 0.0, unit(tf.math.divide_no_nan(g, steepness)), u)
    return tf.stop_gradient(u)


def neighbour_radius(x: tf.Tensor, among: tf.Tensor, *, alpha: float = 0.25, neighbour: int = 10) -> tf.Tensor:
    """Computes epsilon(x), alpha times the Euclidean distance from x to its `neighbour`-th nearest image (IMSAT).

    Hu et al. use the whole data set as `among`; compute the radii once before training, batch by batch, and pass each
    with its image. With the minibatch, `among=x`, radii are larger, because its images are sparser.

    Args:
        x: [B, ...].
        among: [M, ...], images that include x; the distance 0 of an image to itself does not count.
        alpha: the factor of the distance.
        neighbour: the number of the neighbour, from 1 on. Where M <= neighbour, the farthest image is used; a single
            image has radius 0.

    Returns:
        [B], in the units of the images' Euclidean norm.

    Raises:
        ValueError: if `neighbour` is below 1.
    """
    if neighbour < 1:
        raise ValueError(f"`neighbour` must be at least 1. Received: {neighbour}")
    among = replicas.gathered(among)
    a, b = (tf.reshape(images, [tf.shape(images)[0], -1]) for images in (x, among))
    squared = row_norms(a)[:, None] + row_norms(b)[None] - 2.0 * tf.matmul(a, b, transpose_b=True)
    others = tf.minimum(neighbour, tf.shape(among)[0] - 1)
    nearest = -tf.math.top_k(-squared, k=others + 1).values  # [B, others + 1], ascending, itself first
    return tf.where(others > 0, alpha * tf.sqrt(tf.maximum(nearest[:, -1], 0.0)), 0.0)


def divergence(clean: Logits, perturbed: Logits) -> tf.Tensor:
    """Computes sum_blocks H(clean; perturbed), [B] nats, from the logits of each block."""
    return tf.add_n([cross_entropy(p, q) for p, q in zip(blocks(clean), blocks(perturbed), strict=True)])


def blocks(logits: Logits) -> list[tf.Tensor]:
    """Returns a list of the logits of each block, also for a single tensor."""
    return list(logits) if isinstance(logits, (tuple, list)) else [logits]


def unit(v: tf.Tensor) -> tf.Tensor:
    """Computes v / ||v|| for each example of v [B, ...], and 0 where v is 0."""
    return tf.math.divide_no_nan(v, tf.sqrt(tf.reduce_sum(tf.square(v), axis=non_batch(v), keepdims=True)))


def per_example(epsilon: float | tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Reshapes epsilon, a number or [B], so that it broadcasts over x [B, ...]."""
    epsilon = tf.convert_to_tensor(epsilon, x.dtype)
    return epsilon if epsilon.shape.rank == 0 else tf.reshape(epsilon, [-1] + [1] * (x.shape.rank - 1))


def row_norms(a: tf.Tensor) -> tf.Tensor:
    """Computes ||a_i||^2, [B], from a [B, n]."""
    return tf.reduce_sum(tf.square(a), axis=-1)


def non_batch(x: tf.Tensor) -> list[int]:
    """Returns all axes of x but the first."""
    return list(range(1, x.shape.rank))
