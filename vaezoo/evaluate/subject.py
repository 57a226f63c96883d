"""What is evaluated: the model of a run's folder, of a .keras file or of an exported SavedModel, and its data."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaezoo import data as vaezoo_data
from vaezoo.data import ImageData
from vaezoo.encoding import Exported
from vaezoo.models import BaseVAE
from vaezoo.training.loading import load_keras, load_newest

TRAINING = ("model", "preset", "steps", "batch_size", "learning_rate", "seed", "hyperparameters")


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model, where it comes from, and what is known of its training.

    name: of the run, file or exported model. folder: where scores.json goes unless told otherwise; never that of a
    served version. dataset: the name that its run or card gives, or None. training: what else these tell, of
    `TRAINING`. prefix: of the names of what is written, for .keras files that may share a folder.
    """

    model: BaseVAE | Exported
    name: str
    folder: Path
    dataset: str | None
    training: dict[str, Any] = dataclasses.field(default_factory=dict)
    prefix: str = ""


def find(path: str | os.PathLike) -> Subject:
    """The model at `path`: a run's folder, a .keras file, a version's folder, or a folder of versions (the newest).

    Raises ValueError, which says what was looked for, where there is none or it is not of vaezoo.
    """
    path = Path(path)
    if path.is_dir() and not (path / "saved_model.pb").exists():
        versions = [version for version in path.iterdir() if version.name.isdigit()]
        if versions and not (path / "model.keras").exists():
            path = max(versions, key=lambda version: int(version.name))
    if (path / "saved_model.pb").exists():
        card = about(path / "model.json")
        card |= card.get("training", {})
        name = f"{path.resolve().parent.name}-{path.resolve().name}"
        return Subject(Exported.load(path), name, Path("evaluations", name), card.get("dataset"), facts(card))
    if path.is_dir():
        found = load_newest(path)
        if found is None:
            raise ValueError(f"Expected a run, a .keras file or a SavedModel. {path} has no checkpoint and no model")
        config = about(path / "config.json")
        return Subject(found[0], path.resolve().name, path, config.get("dataset"), {**facts(config), "step": found[1]})
    model = load_keras(path)
    config = about(path.parent / "config.json")
    if path.name == "model.keras":
        training = {**facts(config), "step": int(model.step)}
        return Subject(model, path.resolve().parent.name, path.parent, config.get("dataset"), training)
    return Subject(model, path.stem, path.parent, config.get("dataset"), prefix=f"{path.stem}.")


def about(file: Path) -> dict[str, Any]:
    """What a config.json or model.json says; nothing where there is none. Raises ValueError for a damaged one."""
    try:
        return json.loads(file.read_text()) if file.exists() else {}
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from error


def facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What scores.json says of a training."""
    return {name: about[name] for name in TRAINING if name in about}


def settings(training: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a training but its seed, side by side: the model, its hyperparameters, the steps, ..."""
    flat = {**training, **training.get("hyperparameters", {})}
    return {name: value for name, value in flat.items() if name not in ("seed", "preset", "hyperparameters")}


def seeds(folder: str | os.PathLike) -> list[Subject]:
    """The runs in a folder of runs, by name. Raises ValueError for fewer than two."""
    found = [find(path.parent) for path in sorted(Path(folder).glob("*/model.keras"))]
    if len(found) < 2:
        raise ValueError(
            f"Expected a folder with two or more finished runs, of several seeds. {folder} has {len(found)}."
        )
    return found


def load_data(
    dataset: str | None, *, data_dir: str | os.PathLike | None = None, split: str | None = None
) -> tuple[ImageData, str]:
    """The data set and its split: "test" where there is one, unless `split` says otherwise.

    Raises ValueError and OSError as `vaezoo.data.load` does, and ValueError without a name.
    """
    if dataset is None:
        raise ValueError("Nothing tells which data set the model was trained on: name it with `dataset`.")
    if split is None:
        try:
            return vaezoo_data.load(dataset, data_dir=data_dir, split="test"), "test"
        except ValueError as error:
            if not str(error).startswith("Unknown split"):  # a split that is there, but damaged
                raise
            split = "train"
    return vaezoo_data.load(dataset, data_dir=data_dir, split=split), split
