"""The Keras model of an exported version: keras.json beside the variables of the SavedModel, which are its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from vaezoo.models import BaseVAE
from vaezoo.training.loading import deserialize
from vaezoo.training.records import parsing, read_json

FILE = "keras.json"
VARIABLES = ("variables/variables.index", "variables/variables.data-00000-of-00001")
FILES = (FILE, *VARIABLES)
"""The files of a version that `load_keras_model` reads, relative to its folder."""


def served_variables(model: BaseVAE) -> list[keras.Variable]:
    """Returns the variables that a version stores, in its order: those of the encoder, then those of the decoder."""
    return [*model.encoder.variables, *model.decoder.variables]


def unserved_networks(model: BaseVAE) -> list[keras.Layer]:
    """Returns the networks of a model whose variables a version does not store: FactorVAE's discriminator."""
    return [layer for layer in model.layers if layer not in (model.encoder, model.decoder) and layer.variables]


def write_keras_model(version: Path, model: BaseVAE) -> None:
    """Writes keras.json: the model's configuration, the names of the stored weights in their order, and its step.

    Args:
        version: folder of the SavedModel.
        model: the exported model.
    """
    content = {
        "model": keras.saving.serialize_keras_object(model),
        "weights": [variable.name for variable in served_variables(model)],
        "step": int(model.step),
    }
    (version / FILE).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def load_keras_model(version: Path) -> BaseVAE:
    """Builds the Keras model of an exported version, with the weights of its networks and its training step.

    A version holds what serving needs. The `unserved_networks` of the model have initial weights.

    Args:
        version: folder of the SavedModel.

    Returns:
        The model; it is compiled with a new optimizer if the exported one was compiled.

    Raises:
        ValueError: if a file is missing or damaged, or the weights are not those of the model. The message names the
            file.
    """
    file = version / FILE
    if not file.is_file():
        raise ValueError(f"Expected {file}, of which the Keras model is built. Export the run again")
    content = read_json(file, "the configuration of a Keras model")
    with parsing(file, "the configuration of a Keras model"):
        configuration, names, step = content["model"], list(content["weights"]), int(content["step"])
    model = deserialize(configuration, file)
    variables = served_variables(model)
    arrays = read_variables(version / "variables" / "variables", len(variables))
    expected = [(variable.name, tuple(variable.shape)) for variable in variables]
    stored = list(zip(names, (tuple(array.shape) for array in arrays), strict=False))
    if stored != expected:
        raise ValueError(f"{version} holds the weights of another model. Expected: {expected}. Received: {stored}")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    model.step.assign(step)
    return model


def read_variables(prefix: Path, count: int) -> list[Any]:
    """Reads the variables of a SavedModel, which `write_saved_model` has stored as a list.

    Args:
        prefix: path of the variables, without the suffixes of their files.
        count: the expected number of variables.

    Returns:
        The arrays, in the order of the list.

    Raises:
        ValueError: if a file cannot be read, or holds another number of variables.
    """
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        stored = [name for name in reader.get_variable_to_shape_map() if name.startswith("weights/")]
        if len(stored) != count:
            raise ValueError(f"{prefix} must hold {count} variables. Received: {len(stored)}")
        return [reader.get_tensor(f"weights/{i}/.ATTRIBUTES/VARIABLE_VALUE") for i in range(count)]
    except (tf.errors.OpError, RuntimeError, LookupError) as error:
        raise ValueError(f"{prefix} cannot be read. {str(error).partition(chr(10))[0][:300]}") from error
