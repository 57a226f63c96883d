"""Loads the model of a run, finished or not."""

from __future__ import annotations

import json
from pathlib import Path

import keras

from vaezoo.models import BaseVAE
from vaezoo.training.checkpoint import MODEL, Checkpoint, assign, newest_whole, weights


def load_newest(folder: Path) -> tuple[BaseVAE, int] | None:
    """The newest model of a run: its model.keras, or a checkpoint that is newer or alone.

    Returns:
        The model, not compiled, and its training step; None where the folder has neither.

    Raises:
        ValueError: if a file cannot be read, no checkpoint is whole, or the model is none of vaezoo.
    """
    checkpoint, file = newest_whole(folder / "checkpoints"), folder / "model.keras"
    saved = load_keras(file) if file.is_file() else None
    if checkpoint and (saved is None or checkpoint.step > int(saved.step)):
        return load_checkpoint(checkpoint), checkpoint.step
    return None if saved is None else (saved, int(saved.step))


def load_keras(file: Path) -> BaseVAE:
    """The model of a .keras file, not compiled.

    Raises:
        ValueError: if there is no such file, it cannot be read, or holds no model of vaezoo; the message has its name.
    """
    if not file.is_file():
        raise ValueError(f"Expected a .keras file. There is no {file}")
    try:
        model = keras.saving.load_model(file, compile=False)
    except Exception as error:  # Keras, zipfile and h5py each have their own
        raise ValueError(f"{file} is not a .keras file that can be read. {first_line(error)}") from error
    if not isinstance(model, BaseVAE):
        raise ValueError(f"{file} must be a model of vaezoo. Received: {type(model).__name__}")
    return model


def load_checkpoint(checkpoint: Checkpoint) -> BaseVAE:
    """The model of a checkpoint, not compiled.

    Raises:
        ValueError: if Keras cannot build it again, or it is none of vaezoo; the message has the file's name.
    """
    file = checkpoint.folder / MODEL
    try:
        model = keras.saving.deserialize_keras_object(json.loads(file.read_text()))
    except Exception as error:  # of any type, as the layers have them
        raise ValueError(f"{file} cannot be read. {first_line(error)}") from error
    if not isinstance(model, BaseVAE):
        raise ValueError(f"{file} must be a model of vaezoo. Received: {type(model).__name__}")
    of_model = {name: array for name, array in checkpoint.arrays().items() if name.startswith("model/")}
    assign({f"model/{i}": variable for i, variable in enumerate(weights(model))}, of_model, checkpoint.folder)
    return model


def first_line(error: Exception) -> str:
    """The type of an error and the start of its message, which may quote a whole configuration."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
