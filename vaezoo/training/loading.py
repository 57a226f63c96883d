"""Loads the model of a run, finished or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from vaezoo.models import BaseVAE
from vaezoo.training.checkpoint import MODEL, Checkpoint, newest_valid_checkpoint
from vaezoo.training.checkpoint_manager import assign_variables, model_variables
from vaezoo.training.records import parsing


def load_newest(folder: Path) -> tuple[BaseVAE, int] | None:
    """Loads the newest model of a run, from its model.keras or its newest valid checkpoint.

    Args:
        folder: folder of the run.

    Returns:
        The model, not compiled, and its training step; None if the folder has neither a model nor a checkpoint.

    Raises:
        ValueError: if a file cannot be read, no checkpoint is valid, or the model is not a `BaseVAE`.
    """
    checkpoint, file = newest_valid_checkpoint(folder / "checkpoints"), folder / "model.keras"
    saved = load_keras(file) if file.is_file() else None
    if checkpoint and (saved is None or checkpoint.step > int(saved.step)):
        return load_checkpoint(checkpoint), checkpoint.step
    return None if saved is None else (saved, int(saved.step))


def load_keras(file: Path) -> BaseVAE:
    """Loads the model of a .keras file.

    Args:
        file: the .keras file.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: if the file does not exist, cannot be read, or holds a model that is not a `BaseVAE`. The message
            names the file.
    """
    if not file.is_file():
        raise ValueError(f"Expected a .keras file. There is no {file}")
    try:
        model = keras.saving.load_model(file, compile=False)
    except Exception as error:  # Keras, zipfile and h5py each raise exceptions of their own
        raise ValueError(f"{file} is not a .keras file that can be read. {error_summary(error)}") from error
    if not isinstance(model, BaseVAE):
        raise ValueError(f"{file} must be a model of vaezoo. Received: {type(model).__name__}")
    return model


def load_checkpoint(checkpoint: Checkpoint) -> BaseVAE:
    """Builds the model of a checkpoint from its stored architecture and weights.

    Args:
        checkpoint: a valid checkpoint.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: if Keras cannot build the model, or it is not a `BaseVAE`. The message names the file.
    """
    file = checkpoint.folder / MODEL
    with parsing(file, "the architecture of a model as JSON"):
        architecture = json.loads(file.read_text())
    model = deserialize(architecture, file)
    arrays = {name: array for name, array in checkpoint.arrays().items() if name.startswith("model/")}
    variables = {f"model/{i}": variable for i, variable in enumerate(model_variables(model))}
    assign_variables(variables, arrays, checkpoint.folder)
    return model


def deserialize(architecture: Mapping[str, Any], file: Path) -> BaseVAE:
    """Builds a model from its architecture.

    Args:
        architecture: as `keras.saving.serialize_keras_object` returns it.
        file: where it comes from, for the error message.

    Returns:
        The model, with initial weights.

    Raises:
        ValueError: if Keras cannot build the model, or it is not a `BaseVAE`. The message names the file.
    """
    try:
        model = keras.saving.deserialize_keras_object(architecture)
    except Exception as error:  # the constructors of layers raise exceptions of any type
        raise ValueError(f"{file} cannot be read. {error_summary(error)}") from error
    if not isinstance(model, BaseVAE):
        raise ValueError(f"{file} must be a model of vaezoo. Received: {type(model).__name__}")
    return model


def error_summary(error: Exception) -> str:
    """Returns the type of an exception and at most 300 characters of the first line of its message."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
