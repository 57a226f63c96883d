"""Loads the model of a run's folder, of a .keras file or of an exported SavedModel."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaezoo.encoding.exported import Exported
from vaezoo.models import BaseVAE
from vaezoo.training.loading import load_keras, load_newest
from vaezoo.training.records import read_json, run_folder

TRAINING = ("model", "preset", "steps", "batch_size", "learning_rate", "precision", "seed", "hyperparameters")
"""Settings that are read from a run's config.json, or from the model.json of a SavedModel."""


@dataclasses.dataclass(frozen=True)
class LoadedModel:
    """A model with its origin and the settings of its training.

    Attributes:
        model: of the zoo, not compiled, or an exported one.
        name: of the run or file; <name>-<version> of a SavedModel.
        folder: where results are written by default; never that of a served version.
        step: training steps that the model has had; None of a SavedModel.
        dataset: the name of the data set that its run or card gives, or None.
        training: the settings of `TRAINING` that are known, and of a run its "step".
        prefix: of the names of files that are written; "" but for .keras files that may share a folder.
    """

    model: BaseVAE | Exported
    name: str
    folder: Path
    step: int | None = None
    dataset: str | None = None
    training: dict[str, Any] = dataclasses.field(default_factory=dict)
    prefix: str = ""


def load_model(path: str | os.PathLike) -> LoadedModel:
    """Loads a run's newest model, a .keras file, or a SavedModel.

    Args:
        path: a run's folder, finished or not; a .keras file; the folder of a version, or of versions (the newest).

    Raises:
        ValueError: if there is no model at `path`, it is none of vaezoo, or a file beside it is damaged.
    """
    path = newest_version(Path(path))
    if (path / "saved_model.pb").exists():
        return load_saved_model(path)
    folder = run_folder(path)
    if path.is_dir():
        found = load_newest(path)
        if found is None:
            raise ValueError(f"Expected a run, a .keras file or a SavedModel. {path} has no checkpoint and no model")
        model, step = found
    else:
        model = load_keras(path)
        step = int(model.step)
    config = read_json((folder or path.parent) / "config.json", "a run's configuration as JSON")
    dataset = config.get("dataset")
    if folder is None:
        return LoadedModel(model, path.stem, path.parent, step, dataset, prefix=f"{path.stem}.")
    training = {**known_settings(config), "step": step}
    return LoadedModel(model, folder.resolve().name, folder, step, dataset, training)


def load_saved_model(version: Path) -> LoadedModel:
    """Loads a SavedModel from the folder of its version, with what its model card says."""
    card = read_json(version / "model.json", "a model card as JSON")
    card |= card.get("training", {})
    name = f"{version.resolve().parent.name}-{version.resolve().name}"
    dataset, training = card.get("dataset"), known_settings(card)
    return LoadedModel(Exported.load(version), name, Path("evaluations", name), None, dataset, training)


def newest_version(path: Path) -> Path:
    """Returns the folder of the newest version in a folder of versions; any other path as it is."""
    if not path.is_dir() or any((path / name).exists() for name in ("saved_model.pb", "model.keras")):
        return path
    versions = [version for version in path.iterdir() if version.name.isdigit()]
    return max(versions, key=lambda version: int(version.name), default=path)


def known_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of `TRAINING` that a configuration or card has."""
    return {name: config[name] for name in TRAINING if name in config}
