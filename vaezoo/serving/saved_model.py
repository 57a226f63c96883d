"""Exports a model as a SavedModel, the next version in a folder that a model server watches."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from vaezoo.models import BaseVAE
from vaezoo.serving.endpoints import MAX_TRAVERSED, MAX_VALUES, Endpoints
from vaezoo.serving.folder import check_export_folder
from vaezoo.serving.graph_pruning import prune_graph
from vaezoo.serving.keras_model import served_variables, write_keras_model
from vaezoo.serving.model_card import write_model_card
from vaezoo.serving.publish import publishing
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
    """Publishes a model as the next version in a folder.

    The version appears atomically, whatever other publishers and servers do meanwhile (see `publishing`). It holds the
    SavedModel with the signatures of `Endpoints`, warm-up requests if tensorflow-serving-api is installed, a model
    card (README.md, and model.json for programs), and keras.json, by which `vaezoo.from_preset` builds the Keras model.

    Args:
        model: the model to export.
        folder: folder of the versions. Its name is the name of the served model.
        keep: how many of the newest versions to keep; None keeps all.
        max_batch: maximum number of images in one request.
        about: facts about the training for the model card, as `about_run` returns them.

    Returns:
        The folder of the new version, <folder>/<version>.

    Raises:
        ValueError: if `keep` or `max_batch` is below 1.
        OSError: if writing fails, or cannot succeed (see `check_export_folder`). The folder is unchanged.
    """
    for name, value in {"keep": keep, "max_batch": max_batch}.items():
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")
    check_export_folder(folder)
    name = os.path.basename(os.path.abspath(folder))  # of a symbolic link its own name, not that of its target
    with publishing(folder, keep=keep) as publication, op_errors_as_os_errors(folder):
        write_saved_model(model, publication.staging_dir, max_batch)
        write_keras_model(publication.staging_dir, model)
        warm = write_warmup(publication.staging_dir, name, model.image_shape, max_batch)
        limits = {"max_batch": max_batch, "max_values": MAX_VALUES, "max_traversed": MAX_TRAVERSED}
        write_model_card(publication.staging_dir, model, name, {**(about or {}), "warm_up": warm, **limits})
    return publication.version


@contextlib.contextmanager
def op_errors_as_os_errors(folder: str | os.PathLike) -> Iterator[None]:
    """Converts TensorFlow's errors of writing, which are not Python's, to OSError."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"{folder} could not be written to. {error.message}") from error


def write_saved_model(model: BaseVAE, folder: Path, max_batch: int) -> None:
    """Writes a SavedModel without model card and warm-up requests.

    Its variables are the weights of the networks, each stored once. The graph takes 110 to 145 KB whatever their
    number, which is less than a tenth of the weights of every preset.

    Args:
        model: the model to export.
        folder: an empty folder.
        max_batch: maximum number of images in one request.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in served_variables(model)]
    tf.saved_model.save(module, str(folder), signatures=Endpoints(model, max_batch).signatures())
    file = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for meta in saved.meta_graphs:
        prune_graph(meta.graph_def)
    file.write_bytes(saved.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # of the graph before pruning
