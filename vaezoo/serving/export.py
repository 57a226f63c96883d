"""A model as a SavedModel: the next version in a folder that a model server watches."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from vaezoo.models import BaseVAE
from vaezoo.serving.card import write_card
from vaezoo.serving.endpoints import MAX_TRAVERSED, MAX_VALUES, Endpoints
from vaezoo.serving.folder import check_export_folder
from vaezoo.serving.publish import publishing
from vaezoo.serving.slim import slim
from vaezoo.serving.warmup import write_warmup

MAX_BATCH = 1024


def export(
    model: BaseVAE,
    folder: str | os.PathLike,
    *,
    keep: int | None = None,
    max_batch: int = MAX_BATCH,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Publish `model` as the next whole-number version in `folder`; returns <folder>/<version>.

    The version appears whole or not at all, whoever else publishes, watches or dies meanwhile: see `publishing`.
    It holds the SavedModel, with the signatures that `Endpoints` documents, warm-up requests for the server where
    tensorflow-serving-api is installed, and a model card: README.md, and model.json for programs.

    keep: how many of the newest versions stay; the others are removed afterwards. None: all.
    max_batch: the most images that one request may bring.
    about: what the card says of the training: see `about_run`.
    Raises ValueError for `keep` and `max_batch` below 1; OSError, with the folder as it was, where writing fails, and
    before any work where it cannot succeed: see `check_export_folder`.
    """
    for name, value in {"keep": keep, "max_batch": max_batch}.items():
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")
    check_export_folder(folder)
    name = os.path.basename(os.path.abspath(folder))  # of a symlink its own: the name that people see
    with publishing(folder, keep=keep) as publication, writing(folder):
        save(model, publication.beside, max_batch)
        warm = write_warmup(publication.beside, name, model.image_shape, max_batch)
        limits = {"max_batch": max_batch, "max_values": MAX_VALUES, "max_traversed": MAX_TRAVERSED}
        write_card(publication.beside, model, name, {**(about or {}), "warm_up": warm, **limits})
    return publication.version


@contextlib.contextmanager
def writing(folder: str | os.PathLike) -> Iterator[None]:
    """Raises TensorFlow's errors of writing, which are none of Python's, as OSError."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"{folder} could not be written to. {error.message}") from error


def save(model: BaseVAE, folder: Path, max_batch: int) -> None:
    """Write the SavedModel alone into an empty folder.

    Its variables are the weights, once. The graph takes 110 to 145 KB whatever their number: less than a tenth of the
    weights of every preset.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in [*model.encoder.variables, *model.decoder.variables]]
    tf.saved_model.save(module, str(folder), signatures=Endpoints(model, max_batch).signatures())
    file = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for meta in saved.meta_graphs:
        slim(meta.graph_def)
    file.write_bytes(saved.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # of the graph before
