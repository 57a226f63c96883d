"""Local smoothness of q(y | x): virtual adversarial training (VAT)."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from vaezoo.latents.noise import standard_normal
from vaezoo.terms.information import cross_entropy

Predict = Callable[[tf.Tensor], "tf.Tensor | tuple[tf.Tensor, ...]"]


def smoothness(
    predict: Predict, x: tf.Tensor, clean, key: tf.Tensor, *, epsilon=1.0, xi: float = 1.0, power_iterations: int = 1
) -> tf.Tensor:
    """max_{||eta|| <= epsilon} H(q(y | x); q(y | x + eta)), [B] nats (IMAE, Eq. 9; Miyato et al. 2016).

    q(y | x) is held constant, and so is eta: gradients reach the weights through q(y | x + eta) alone. The
    terms of several blocks add up, under one common eta.

    predict: images -> logits [B, K], or a tuple with one for each block. It is called power_iterations + 1
        times, and must not move BatchNorm statistics.
    x: [B, H, W, C]. x + eta is not clipped to [0, 1]. clean: predict(x).
    key: int32 [2], of the random direction that the search starts from.
    epsilon: the radius, a number or [B].
    xi: how far from x the search takes its gradient. Measured on IMAE's encoder for MNIST against float64: under
        1e-4 (1e-6 is usual) the direction drowns in float32's rounding, under 1 in bfloat16's, from 3 on in the
        curvature. At 1, eta reaches the same divergence within 5 % in both.
    """
    x = tf.convert_to_tensor(x)
    clean = [tf.stop_gradient(logits) for logits in blocks(clean)]
    direction = adversarial_direction(predict, x, clean, key, xi=xi, power_iterations=power_iterations)
    return divergence(clean, predict(x + per_example(epsilon, x) * direction))


def adversarial_direction(
    predict: Predict, x: tf.Tensor, clean, key: tf.Tensor, *, xi: float = 1.0, power_iterations: int = 1
) -> tf.Tensor:
    """The unit vector, [B, H, W, C], along which q(y | x) changes most (Miyato et al. 2016); a constant.

    Power iteration on the Hessian of KL(q(y | x) || q(y | x + r)) at r = 0, from a random unit vector u:
    u <- g / ||g||, g the gradient at r = xi u. Where g is 0 (q saturated), u stays.
    """
    u = unit(standard_normal(key, tf.shape(x)))
    for _ in range(power_iterations):
        r = xi * u
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(r)
            # H(p; q) and KL(p || q) differ by H(p), which does not depend on r
            change = divergence(clean, predict(x + r))
        g = tape.gradient(change, r, unconnected_gradients="zero")
        steepness = tf.reduce_max(tf.abs(g), axis=non_batch(g), keepdims=True)
        u = tf.where(steepness > 0.0, unit(tf.math.divide_no_nan(g, steepness)), u)
    return tf.stop_gradient(u)


def neighbour_radius(x: tf.Tensor, among: tf.Tensor, *, alpha: float = 0.25, neighbour: int = 10) -> tf.Tensor:
    """epsilon(x) = alpha * the distance from x to its `neighbour`-th nearest image, [B] (IMSAT: Hu et al. 2017).

    x: [B, ...]; among: [M, ...], x among them: its distance 0 to itself does not count. Where M <= neighbour, the
    farthest image there is; a lone image has radius 0. Hu et al. mean the whole data set: call it once before
    training, batch by batch, and let the radius travel with its image. `among=x`, the minibatch, is cheap and needs
    no plan, but images are sparser there.
    """
    if neighbour < 1:
        raise ValueError(f"`neighbour` must be at least 1. Received: {neighbour}")
    a, b = (tf.reshape(images, [tf.shape(images)[0], -1]) for images in (x, among))
    squared = row_norms(a)[:, None] + row_norms(b)[None] - 2.0 * tf.matmul(a, b, transpose_b=True)
    others = tf.minimum(neighbour, tf.shape(among)[0] - 1)
    nearest = -tf.math.top_k(-squared, k=others + 1).values  # [B, others + 1], ascending, itself first
    return tf.where(others > 0, alpha * tf.sqrt(tf.maximum(nearest[:, -1], 0.0)), 0.0)


def divergence(clean, perturbed) -> tf.Tensor:
    """sum_blocks H(clean; perturbed), [B] nats, from the logits of each block."""
    return tf.add_n([cross_entropy(p, q) for p, q in zip(blocks(clean), blocks(perturbed), strict=True)])


def blocks(logits) -> list[tf.Tensor]:
    """The logits of each block: those of a single block may come bare."""
    return list(logits) if isinstance(logits, (tuple, list)) else [logits]


def unit(v: tf.Tensor) -> tf.Tensor:
    """v / ||v|| for each example, 0 where v is."""
    return tf.math.divide_no_nan(v, tf.sqrt(tf.reduce_sum(tf.square(v), axis=non_batch(v), keepdims=True)))


def per_example(epsilon, x: tf.Tensor) -> tf.Tensor:
    """A number, or [B] reshaped to multiply [B, ...]."""
    epsilon = tf.convert_to_tensor(epsilon, x.dtype)
    return epsilon if epsilon.shape.rank == 0 else tf.reshape(epsilon, [-1] + [1] * (x.shape.rank - 1))


def row_norms(a: tf.Tensor) -> tf.Tensor:
    """||a_i||^2, [B], from [B, n]."""
    return tf.reduce_sum(tf.square(a), axis=-1)


def non_batch(x: tf.Tensor) -> list[int]:
    """The axes of an example."""
    return list(range(1, x.shape.rank))
