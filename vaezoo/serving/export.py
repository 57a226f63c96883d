"""A model as a SavedModel: the next version in a folder that a model server watches."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from vaezoo.models import BaseVAE


def export(model: BaseVAE, folder: str | os.PathLike) -> Path:
    """Publish `model` as the next whole-number version in `folder`; returns <folder>/<version>.

    It is written beside and renamed into place, so that a watcher never sees half a model. Endpoints, each with a
    free batch dimension, float32 and without randomness:

    encode (also `serving_default`): image [N, H, W, C] in [0, 1] -> mean, log_var [N, d], and per categorical
        block i: probs_i [N, K] ("probs" where there is one block).
    decode: code [N, d + sum K] (z, then one-hots) -> image [N, H, W, C], means.
    reconstruct: image -> image, through the mean code and the most probable one-hots.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    module, signatures = serving_module(model)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        written = beside / "model"
        options = tf.saved_model.SaveOptions(experimental_debug_stripper=True)
        tf.saved_model.save(module, str(written), signatures=signatures, options=options)
        return publish(written, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def serving_module(model: BaseVAE) -> tuple[tf.Module, dict]:
    """The variables and the endpoints of a model, without Keras."""
    pixels = tf.TensorSpec([None, *model.image_shape], tf.float32, name="image")
    codes = tf.TensorSpec([None, model.latents.size], tf.float32, name="code")
    blocks = len(model.latents.categorical)

    @tf.function(input_signature=[pixels])
    def encode(image):
        q = model.encode(image)
        names = ["probs"] if blocks == 1 else [f"probs_{i}" for i in range(blocks)]
        return {"mean": q.mu, "log_var": q.log_var, **dict(zip(names, q.probs, strict=True))}

    @tf.function(input_signature=[codes])
    def decode(code):
        return {"image": model.decode(code).mean()}

    @tf.function(input_signature=[pixels])
    def reconstruct(image):
        return {"image": model.decode(model.encode(image).typical()).mean()}

    module = tf.Module()
    module.weights = [variable.value for variable in [*model.encoder.variables, *model.decoder.variables]]
    signatures = {"serving_default": encode, "encode": encode, "decode": decode, "reconstruct": reconstruct}
    return module, signatures


def publish(written: Path, folder: Path) -> Path:
    """Rename a written model to the next free version, trying again where another publisher took it."""
    while True:
        versions = [int(child.name) for child in folder.iterdir() if child.name.isdigit()]
        version = folder / str(max(versions, default=0) + 1)
        try:
            os.rename(written, version)
            return version
        except OSError:  # taken in between: a rename onto a folder with files in it fails
            if not version.exists():
                raise
