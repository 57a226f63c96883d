"""An exported SavedModel with the interface of a model that encoding and figures use."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from vaezoo.latents import LatentSpec, Posterior

tfd = tfp.distributions
TINY = np.finfo(np.float32).tiny


class Exported:
    """Wraps a SavedModel with the signatures of `vaezoo.serving`.

    `decode` returns a Bernoulli distribution of the served pixels. Its mean is exact; its log-densities are not,
    because probabilities near 0 and 1 are rounded in float32.

    Args:
        module: the result of `tf.saved_model.load`.
        max_batch: most images per call of a signature.

    Attributes:
        latents: `LatentSpec` of the codes.
        image_shape: (H, W, C).
        max_batch: most images per call of a signature.

    Raises:
        ValueError: if `module` has no signatures `encode` and `decode`, or not those of `vaezoo.serving`.
    """

    def __init__(self, module: tf.Module, max_batch: int = 256):
        """Checks the signatures and reads the shapes from them."""
        signatures = getattr(module, "signatures", {})
        if not {"encode", "decode"} <= set(signatures):
            raise ValueError(
                "Expected a model of vaezoo or a SavedModel with signatures 'encode' and 'decode'. "
                f"Received: {type(module).__name__} with {sorted(signatures)}"
            )
        self.module, self.max_batch = module, max_batch  # the reference keeps the variables alive
        self._encode, self._decode = signatures["encode"], signatures["decode"]
        check_signature("encode", self._encode, {"image"}, {"mean", "log_var"})
        labels = {name for name in self._decode.structured_input_signature[1] if name.startswith("label")}
        check_signature("decode", self._decode, {"mean"} | labels, {"image"})
        self.image_shape = tuple(self._encode.structured_input_signature[1]["image"].shape[1:])
        outputs = self._encode.structured_outputs
        self._probs = sorted((name for name in outputs if name.startswith("probs")), key=lambda name: (len(name), name))
        self._labels = [name.replace("probs", "label") for name in self._probs]
        blocks = [outputs[name].shape[-1] for name in self._probs]
        self.latents = LatentSpec(gaussian=outputs["mean"].shape[-1], categorical=tuple(blocks))

    @classmethod
    def load(cls, folder: str | os.PathLike) -> Exported:
        """Loads the SavedModel in the folder of a version.

        Raises:
            OSError: if there is none.
            ValueError: if it is not one of `vaezoo.serving`.
        """
        card = Path(folder, "model.json")
        limit = json.loads(card.read_text()).get("max_batch", 256) if card.exists() else 256
        return cls(tf.saved_model.load(str(folder)), min(limit, 256))

    def encode(self, x: ArrayLike) -> Posterior:
        """Returns q(z, y | x) of images [B, H, W, C]."""
        x = tf.convert_to_tensor(x, tf.float32)
        if not tf.executing_eagerly():
            return self._posterior(self._encode(image=x))
        parts = [self._encode(image=x[i : i + self.max_batch]) for i in range(0, len(x), self.max_batch)]
        return self._posterior({name: tf.concat([part[name] for part in parts], 0) for name in parts[0]})

    def decode(self, code: ArrayLike) -> tfd.Distribution:
        """Returns p(x | z, y), whose mean alone is accurate, of codes [B, latents.size]."""
        z, blocks = self.latents.split(tf.convert_to_tensor(code, tf.float32))
        labels = [tf.argmax(y, axis=-1, output_type=tf.int32) for y in blocks]
        images = []
        for i in range(0, len(z), self.max_batch):
            rows = slice(i, i + self.max_batch)
            given = {name: label[rows] for name, label in zip(self._labels, labels, strict=True)}
            images.append(self._decode(mean=z[rows], **given)["image"])
        return tfd.Independent(tfd.Bernoulli(probs=tf.concat(images, 0), dtype=tf.float32), 3)

    def reconstruct(self, x: ArrayLike) -> np.ndarray:
        """Returns mean images float32 [N, H, W, C] at the modes of the posteriors of images [N, H, W, C]."""
        return self.decode(self.encode(x).mode()).mean().numpy()

    def _posterior(self, served: Mapping[str, tf.Tensor]) -> Posterior:
        logits = [tf.math.log(tf.maximum(served[name], TINY)) for name in self._probs]
        return Posterior(served["mean"], served["log_var"], logits)


def check_signature(name: str, signature: Any, inputs: set[str], outputs: set[str]) -> None:
    """Checks that a signature takes exactly `inputs` and returns at least `outputs`.

    Raises:
        ValueError: if it does not.
    """
    takes, gives = set(signature.structured_input_signature[1]), set(signature.structured_outputs)
    if takes != inputs or not outputs <= gives:
        raise ValueError(
            f"Expected a signature '{name}' from {sorted(inputs)} to {sorted(outputs)}, as vaezoo.serving exports. "
            f"Received: from {sorted(takes)} to {sorted(gives)}"
        )
