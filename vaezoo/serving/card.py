"""The model card in a version's folder: what is served, for people (README.md) and for programs (model.json)."""

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
from vaezoo.packages import package_versions
from vaezoo.serving.page import page

VARIABLES = "variables/variables.data-00000-of-00001"


def write_card(version: Path, model: BaseVAE, name: str, about: Mapping[str, Any]) -> None:
    """Write README.md and model.json beside a SavedModel. name: it is served under; about: see `about.about_run`."""
    card = describe(version, model, name, about)
    (version / "model.json").write_text(json.dumps(plain(card), allow_nan=False) + "\n", encoding="utf-8")
    (version / "README.md").write_text(page(card), encoding="utf-8")


def describe(version: Path, model: BaseVAE, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """What model.json holds. Networks are no hyperparameters."""
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
        "parameters": sum(variable.numpy().size for variable in networks),
        "training": {},
        "scores": {},
        **about,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "packages": package_versions(),
        "variables_sha256": hashlib.sha256((version / VARIABLES).read_bytes()).hexdigest(),
        "signatures": {
            signature: {side: fields(getattr(definition, side)) for side in ("inputs", "outputs")}
            for signature, definition in signatures_of(version).items()
        },
    }


def plain(value: Any) -> Any:
    """`value` as JSON takes it: floats with six digits, and None for one that is not finite."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def signatures_of(version: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    """The signatures of a SavedModel by name, sorted."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    known = saved.meta_graphs[0].signature_def
    return {name: known[name] for name in sorted(known) if not name.startswith("__")}


def fields(tensors: Mapping[str, meta_graph_pb2.TensorInfo]) -> dict[str, dict[str, Any]]:
    """The inputs or outputs of a signature: dtype, and shape with -1 for what is free."""
    return {
        name: {
            "dtype": as_dtype(tensors[name].dtype).name,
            "shape": [side.size for side in tensors[name].tensor_shape.dim],
        }
        for name in sorted(tensors)
    }
