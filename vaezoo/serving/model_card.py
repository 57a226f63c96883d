"""Writes the model card of a version: README.md for people, and model.json for programs."""

from __future__ import annotations

import datetime
import hashlib
import inspect
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.dtypes import as_dtype

from vaezoo.models import BaseVAE
from vaezoo.networks.precision import compute_precision
from vaezoo.packages import package_versions
from vaezoo.serving.model_card_template import render

VARIABLES = "variables/variables.data-00000-of-00001"


def write_model_card(version: Path, model: BaseVAE, name: str, about: Mapping[str, Any]) -> None:
    """Writes README.md and model.json into the folder of a SavedModel.

    Args:
        version: folder of the SavedModel.
        model: the exported model.
        name: name of the served model.
        about: facts about the training, as `about_run` returns them, and the limits of requests.
    """
    card = collect_facts(version, model, name, about)
    (version / "model.json").write_text(json.dumps(to_json(card), allow_nan=False) + "\n", encoding="utf-8")
    (version / "README.md").write_text(render(card), encoding="utf-8")


def collect_facts(version: Path, model: BaseVAE, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """Collects the content of model.json.

    Args:
        version: folder of the SavedModel.
        model: the exported model.
        name: name of the served model.
        about: facts that are added to those of the model and the SavedModel.

    Returns:
        The facts by name. The networks are not among the hyperparameters.
    """
    config = model.get_config()
    hyperparameters = [key for key in config if not isinstance(getattr(model, key, None), keras.layers.Layer)]
    networks = [*model.encoder.variables, *model.decoder.variables]
    return {
        "name": name,
        "model": type(model).__name__,
        "equation": inspect.getdoc(type(model)),
        "hyperparameters": {key: config[key] for key in hyperparameters if key not in ("latents", "name")},
        "latents": model.latents.get_config(),
        "image_shape": list(model.image_shape),
        "precision": compute_precision(model.encoder, model.decoder),
        "parameters": sum(variable.numpy().size for variable in networks),
        "training": {},
        "scores": {},
        **about,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "packages": package_versions(),
        "variables_sha256": hashlib.sha256((version / VARIABLES).read_bytes()).hexdigest(),
        "signatures": {
            signature: {side: describe_fields(getattr(definition, side)) for side in ("inputs", "outputs")}
            for signature, definition in read_signatures(version).items()
        },
    }


def to_json(value: Any) -> Any:
    """Converts mappings, sequences and floats for JSON: floats get six significant digits, non-finite ones are None."""
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def read_signatures(version: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    """Reads the signatures of a SavedModel, by name in alphabetical order."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    known = saved.meta_graphs[0].signature_def
    return {name: known[name] for name in sorted(known) if not name.startswith("__")}


def describe_fields(tensors: Mapping[str, meta_graph_pb2.TensorInfo]) -> dict[str, dict[str, Any]]:
    """Returns the dtype and the shape, with -1 for free axes, of the inputs or outputs of a signature."""
    return {
        name: {
            "dtype": as_dtype(tensors[name].dtype).name,
            "shape": [side.size for side in tensors[name].tensor_shape.dim],
        }
        for name in sorted(tensors)
    }
