"""Lower bounds on log p(x) of a model: the ELBO and the importance-weighted bound (IWAE)."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vaezoo.data import ImageData, from_arrays
from vaezoo.encoding.aggregate_posterior import mean_and_error
from vaezoo.encoding.encoded_dataset import sample_indices
from vaezoo.models import BaseVAE
from vaezoo.progress import track_progress

DECODED = 512  # images at once


def likelihood_bounds(
    model: BaseVAE,
    data: ImageData | ArrayLike,
    *,
    seed: int = 0,
    images: int | None = 1000,
    k: int = 64,
    progress: bool = False,
) -> dict[str, float]:
    """Reconstruction, KL, ELBO and the IWAE bound, in nats per image (Burda et al. 2016, Eq. 8).

        w_i  = p(x | z_i, y_i) p(z_i) p(y_i) / q(z_i, y_i | x),   z_i, y_i ~ q(z, y | x), y_i exact: one-hot
        ELBO = E log w = -reconstruction - KL_z - KL_y   <=   IWAE_k = E log mean_{i <= k} w_i   <=   log p(x)

    The ELBO is that of a plain VAE, without the weights of the model's objective.

    Args:
        model: of the zoo.
        data: a set of `vaezoo.data`, or images [N, H, W, C].
        seed: seeds the draw of the images, and the samples.
        images: how many; all if there are fewer, or for None.
        k: samples for each image; the reconstruction is their mean.
        progress: show a bar.

    Returns:
        `reconstruction`, `kl_z`, `kl_y` (with categorical latents), `elbo` and `iwae`: means over the images, and the
        standard error of each as `_se`.

    Raises:
        ValueError: for a SavedModel, whose float32 probabilities give no accurate log-densities; for `k` below 1.
    """
    if not isinstance(model, BaseVAE):
        raise ValueError(
            f"`likelihood_bounds` needs a model of the zoo (a .keras file). Received: {type(model).__name__}"
        )
    if k < 1:
        raise ValueError(f"`k` must be at least 1. Received: {k}")
    data = data if isinstance(data, ImageData) else from_arrays(data)
    indices = sample_indices(data, None if images is None else min(images, data.size), seed)
    per_batch, per_draw = max(1, DECODED // k), min(k, DECODED)

    @tf.function(
        input_signature=[tf.TensorSpec([None, *model.image_shape]), tf.TensorSpec([2], tf.int32)], autograph=False
    )
    def weigh(x: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
        """Returns log p(x | z, y) and log w, each [per_draw, B], and the KLs, each [B]."""
        q = model.encode(x)
        code = q.sample(per_draw, seed=key)  # [per_draw, B, D]
        p = model.decode(tf.reshape(code, [-1, model.latents.size]))
        log_p = p.log_prob(tf.tile(x, [per_draw, 1, 1, 1]))
        log_p = tf.reshape(log_p, [per_draw, -1])
        return log_p, log_p + model.latents.prior().log_prob(code) - q.log_prob(code), model.kl_terms(q)

    batches = []
    starts = range(0, len(indices), per_batch)
    for start in track_progress(starts, len(starts), "likelihood bounds", progress):
        x = data.images(indices[start : start + per_batch])
        draws = [weigh(x, tf.constant([seed % 2**31, start * k + i], tf.int32)) for i in range(0, k, per_draw)]
        log_p, log_w = (
            np.concatenate([draw[part].numpy() for draw in draws])[:k].astype(np.float64) for part in (0, 1)
        )
        kl = {name: value.numpy().astype(np.float64) for name, value in draws[0][2].items()}
        rec = -log_p.mean(axis=0)
        iwae = np.logaddexp.reduce(log_w, axis=0) - math.log(k)
        batches.append({"reconstruction": rec, **kl, "elbo": -rec - sum(kl.values()), "iwae": iwae})
    return mean_and_error({name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]})
