"""The record of a preset, and the data sets of the presets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

DSPRITES = {"dataset": "dsprites", "image_shape": (64, 64, 1), "dataset_size": 737_280}
MNIST = {"dataset": "mnist", "image_shape": (28, 28, 1), "dataset_size": 60_000}
FASHION_MNIST = {**MNIST, "dataset": "fashion_mnist"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preset:
    """The published settings of a model on a data set.

    Attributes:
        model: the model, a key of `vaezoo.models.MODELS`.
        dataset: the data set, a name that `vaezoo.data.load` takes.
        image_shape: (height, width, channels) of its images, in pixels.
        dataset_size: number of images in its training set.
        network: "conv" or "mlp", or a dict with that `kind` and options of its `encoder` and `decoder` builders.
        latents: arguments of `vaezoo.LatentSpec`.
        optimizer: arguments of `vaezoo.Adam`.
        batch_size: images in a minibatch. A training step draws `model.batches_per_step` minibatches.
        steps: training steps.
        hyperparameters: arguments of the model's constructor.
        precision: "float32", "bfloat16" or "auto", of the networks that `vaezoo train` builds.
        source: the papers that the settings are from, and what differs from them.
    """

    model: str
    dataset: str
    image_shape: tuple[int, int, int]
    dataset_size: int
    network: str | Mapping[str, Any]
    latents: Mapping[str, Any]
    optimizer: Mapping[str, float]
    batch_size: int
    steps: int
    hyperparameters: Mapping[str, Any]
    source: str
    precision: str = "float32"
