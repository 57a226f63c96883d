"""The aggregate posterior q(z) = 1/N sum_n q(z | x_n), estimated on a minibatch."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral
from typing import NamedTuple

import tensorflow as tf

from vaezoo import replicas

ESTIMATORS = ("mws", "mss")
BLOCK = 2**22  # elements of the largest intermediate tensor


class AggregatePosterior(NamedTuple):
    """Log-densities, in nats, of one sample z_i ~ q(z | x_i) for each x_i of a batch.

    Attributes:
        z: the samples, [B, d].
        given_x: log q(z_ik | x_i), [B, d].
        joint: the estimate of log q(z_i), [B].
        marginals: the estimates of log q(z_ik), [B, d].
    """

    z: tf.Tensor
    given_x: tf.Tensor
    joint: tf.Tensor
    marginals: tf.Tensor


def aggregate_posterior(
    z: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor, *, dataset_size: int, estimator: str = "mws"
) -> AggregatePosterior:
    """Estimates log q(z_i) and every log q(z_ik) from the posteriors of a minibatch.

        log q(z_i) ~ logsumexp_j (log w_ij + sum_k log q(z_ik | x_j))
        log q(z_ik) ~ logsumexp_j (log w_ij + log q(z_ik | x_j))

    "mws" is biased by almost a constant: where posteriors overlap widely, log q(z) and each log q(z_k) are too low by
    log N, and the total correlation is too high by (d - 1) log N. This does not change gradients. Use "mss" to read
    values: it is unbiased for q(z), and its log q(z) is too low only by the variance of the estimate.

    Time is of the order of B^2 d. Large batches are computed in blocks of rows, once more for the gradient, so that
    memory is of the order of B d.

    Args:
        z: [B, d], z_i a sample of q(z | x_i).
        mu: [B, d].
        log_var: [B, d].
        dataset_size: N, the number of images of the training set.
        estimator: of the weights w, "mws" (minibatch-weighted) or "mss" (minibatch-stratified); see `pair_weights`.

    Raises:
        ValueError: if `estimator` is unknown, or `dataset_size` is below 1 or below a batch size known in advance.

    References:
        Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders", appendix C.
    """
    check_aggregate(dataset_size, estimator)
    all_mu, all_log_var = replicas.gathered(mu), replicas.gathered(log_var)  # x_j of the global batch
    batch_size = all_mu.shape[0]
    if batch_size is not None and batch_size > dataset_size:
        raise ValueError(f"`dataset_size` must be at least the batch size, {batch_size}. Received: {dataset_size}")

    def densities(i: tf.Tensor, z_i: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        log_w = tf.math.log(pair_weights(i, tf.shape(mu)[0], dataset_size, estimator))  # [b, B]
        log_q = log_normal(z_i[:, None], mu[None], log_var[None])  # [b, B, d]: z_ik under x_j
        joint = tf.reduce_logsumexp(log_w + tf.reduce_sum(log_q, axis=-1), axis=1)
        return joint, tf.reduce_logsumexp(log_w[..., None] + log_q, axis=1)

    i = replicas.own_rows(tf.range(tf.shape(all_mu)[0]))
    joint, marginals = in_blocks(densities, i, z, all_mu, all_log_var)
    return AggregatePosterior(z, log_normal(z, mu, log_var), joint, marginals)


def in_blocks(
    densities: Callable, i: tf.Tensor, z: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes `densities(i, z_i, mu, log_var)` of some rows i, at most `BLOCK` elements [b, B, d] at a time.

    A batch whose size is known and small is one block. Otherwise the gradient computes each block again.

    Args:
        densities: maps indices [b], the rows z_i [b, d], mu and log_var to two tensors, [b] and [b, d].
        i: [n], the rows: all of them, or those of this replica.
        z: [n, d], of these rows.
        mu: [B, d], of all rows.
        log_var: [B, d].

    Returns:
        The two tensors of the rows i, [n] and [n, d].
    """
    (n, d), B = z.shape, mu.shape[0]
    if n is not None and B is not None and n * B * d <= BLOCK:
        return densities(i, z, mu, log_var)
    if n is None or B is None:
        n, B = tf.shape(z)[0], tf.shape(mu)[0]
        rows = tf.minimum(n, tf.maximum(1, BLOCK // (B * d)))
    else:
        rows = max(1, BLOCK // (B * d))
    blocks = -(-n // rows)

    def split(x: tf.Tensor) -> tf.Tensor:
        x = tf.pad(x, [[0, blocks * rows - n], *[[0, 0]] * (x.shape.rank - 1)])
        return tf.reshape(x, [blocks, rows, *x.shape[1:]])

    def each(function: Callable, *parts: tf.Tensor, outputs: int) -> list[tf.Tensor]:
        split_parts, signature = tuple(map(split, parts)), (tf.float32,) * outputs
        return tf.map_fn(
            lambda part: function(*part), split_parts, fn_output_signature=signature, parallel_iterations=1
        )

    def merge(x: tf.Tensor) -> tf.Tensor:
        return tf.reshape(x, [-1, *x.shape[2:]])[:n]

    @tf.custom_gradient
    def compute(z: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor) -> tuple:
        def gradients(d_joint: tf.Tensor, d_marginals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            def of_block(i: tf.Tensor, z_i: tf.Tensor, *upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
                with tf.GradientTape() as tape:
                    tape.watch([z_i, mu, log_var])
                    outputs = densities(i, z_i, mu, log_var)
                return tuple(tape.gradient(outputs, [z_i, mu, log_var], output_gradients=upstream))

            of_z, of_mu, of_log_var = each(of_block, i, z, d_joint, d_marginals, outputs=3)
            return merge(of_z), tf.reduce_sum(of_mu, axis=0), tf.reduce_sum(of_log_var, axis=0)

        of_rows = each(lambda i, z_i: densities(i, z_i, mu, log_var), i, z, outputs=2)
        return tuple(map(merge, of_rows)), gradients

    return compute(z, mu, log_var)


def check_aggregate(dataset_size: int, estimator: str) -> None:
    """Checks the arguments of `aggregate_posterior`.

    Raises:
        ValueError: if `dataset_size` is no whole number of at least 1, or `estimator` is not one of `ESTIMATORS`.
    """
    if isinstance(dataset_size, bool) or not isinstance(dataset_size, Integral) or dataset_size < 1:
        raise ValueError(f"`dataset_size` must be a whole number of at least 1. Received: {dataset_size!r}")
    if estimator not in ESTIMATORS:
        raise ValueError(f"`estimator` must be one of {ESTIMATORS}. Received: {estimator!r}")


def pair_weights(rows: tf.Tensor, batch_size: int | tf.Tensor, dataset_size: int, estimator: str) -> tf.Tensor:
    """Returns w_ij, the weight of q(z_i | x_j) in q(z_i), [b, B], of some rows i.

    "mws", minibatch-weighted sampling: 1 / (N B) for every pair.

    "mss", minibatch-stratified sampling, with M = B - 1: 1/N for j = i, (N - M) / (N M) for one other,
    j = i + 1 mod B, and 1/M for the rest, so that each row sums to 1. A batch of one image has the weight 1/N. A batch
    larger than N is taken for the whole data set, N = B.

    Args:
        rows: the indices i, int32 [b].
        batch_size: B.
        dataset_size: N.
        estimator: "mws" or "mss".

    References:
        Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders", appendices C.1 and C.2.
    """
    N, B = float(dataset_size), tf.cast(batch_size, tf.float32)
    i, j = rows[:, None], tf.range(batch_size)[None]
    if estimator == "mws":
        return tf.fill([tf.shape(rows)[0], batch_size], 1.0 / (N * B))
    N, M = tf.maximum(N, B), tf.maximum(B - 1.0, 1.0)
    stratified = tf.where(j == (i + 1) % batch_size, (N - M) / (N * M), 1.0 / M)
    return tf.where(j == i, 1.0 / N, stratified)


def log_normal(z: tf.Tensor, mu: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Computes log N(z; mu, exp(log_var)) of each element, in nats, with broadcasting.

    The difference is scaled before it is squared: exp(-log_var) overflows float32 for log_var < -88, where
    0 * infinity would be NaN.
    """
    return -0.5 * (tf.square((z - mu) * tf.exp(-0.5 * log_var)) + log_var + math.log(2.0 * math.pi))
