"""Collects models, scores and images for the page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaezoo.choices import validate_choice
from vaezoo.data import ImageData
from vaezoo.durable import check_writable, write_text
from vaezoo.encoding import LoadedModel, encode_dataset, load_model
from vaezoo.evaluation.arguments import check_image_shape, load_dataset
from vaezoo.evaluation.context import EvaluationContext
from vaezoo.explore.document import document
from vaezoo.explore.inputs import input_record
from vaezoo.explore.layers import UnsupportedLayerError, network_records
from vaezoo.explore.packing import pack_floats
from vaezoo.explore.scores import score_record
from vaezoo.models import BaseVAE
from vaezoo.presets import PRESETS
from vaezoo.pretrained.loading import from_preset
from vaezoo.progress import stage_printer

MODELS = 2  # side by side
IMAGES = 10_000
NOT_SHOWN = ("scale", "temperature", "dataset_size")  # hyperparameters that tell models rarely apart


def explore(
    paths: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    presets: Sequence[str] = (),
    images: int = IMAGES,
    seed: int = 0,
    dataset: str | ImageData | None = None,
    data_dir: str | os.PathLike | None = None,
    split: str | None = None,
    progress: bool | str = False,
) -> Path:
    """Writes a page that decodes in the browser, from the weights of one or two models.

    Args:
        paths: of one or two models; see `load_models`.
        out: the HTML file.
        presets: names of trained presets, which come after the models of `paths`; two models at most in all.
        images: how many are encoded for the scores, drawn at random; all if there are fewer.
        seed: of every draw.
        dataset: a name as `vaezoo.data.load` takes it, or a data set; by default that of the first training.
        data_dir: as for `vaezoo.data.load`.
        split: of the data set; "test" by default if there is one.
        progress: as of `vaezoo.evaluation.evaluate`.

    Returns:
        The path of the file.

    Raises:
        ValueError: for models that the page cannot compute or that do not fit each other, and for invalid arguments,
            before anything is encoded or written.
        OSError: if a file cannot be read or written.
    """
    out = Path(out)
    if out.is_dir():
        raise ValueError(f"Expected `out` to be an HTML file. Received the folder '{out}'")
    check_writable(out.parent)
    models = load_models(paths, presets)
    networks = [network_record(loaded) for loaded in models]
    data = load_data(models, dataset, data_dir, split)
    record = page_record(models, data, images, seed, progress)
    for model, of_networks in zip(record["models"], networks, strict=True):
        model |= of_networks
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, document(record))
    return out


def load_models(paths: Sequence[str | os.PathLike], presets: Sequence[str] = ()) -> list[LoadedModel]:
    """Loads one or two models: runs, .keras files or SavedModels, and the trained models of presets.

    Raises:
        ValueError: for another number of models, for one that cannot be loaded, and for different image shapes.
    """
    if not 1 <= len(paths) + len(presets) <= MODELS:
        raise ValueError(f"Expected one or two models. Received: {len(paths) + len(presets)}")
    models = [*map(load_model, paths), *map(load_preset, presets)]
    shapes = {tuple(loaded.model.image_shape) for loaded in models}
    if len(shapes) > 1:
        raise ValueError(f"Two models side by side must take images of one shape. Received: {sorted(shapes)}")
    return models


def load_preset(name: str) -> LoadedModel:
    """Loads the trained model of a preset.

    Raises:
        ValueError: if the name is unknown, or there are no trained weights; see `vaezoo.from_preset`.
    """
    validate_choice("preset", name, PRESETS)
    model, preset = from_preset(name), PRESETS[name]
    training = {"model": preset.model, "preset": name, "hyperparameters": preset.hyperparameters}
    return LoadedModel(model, name, Path(), int(model.step), preset.dataset, training)


def load_data(
    models: Sequence[LoadedModel],
    dataset: str | ImageData | None,
    data_dir: str | os.PathLike | None,
    split: str | None,
) -> ImageData:
    """Loads the data set of the page, by default that of the first model's training; see `explore`."""
    data, _ = load_dataset(dataset, models[0].dataset, data_dir=data_dir, split=split)
    check_image_shape(models[0], data)
    return data


def network_record(loaded: LoadedModel) -> dict[str, Any]:
    """Returns the layers and packed weights of a model's `encoder` and `decoder`, and its `likelihood`.

    Raises:
        UnsupportedLayerError: if the page cannot compute them.
    """
    model = loaded.model
    if not isinstance(model, BaseVAE):
        raise UnsupportedLayerError(
            f"The page computes runs and .keras files. {loaded.name} is a SavedModel: use --serve, which decodes in "
            "TensorFlow."
        )
    record: dict[str, Any] = {"likelihood": model.likelihood}
    for side, network in (("encoder", model.encoder), ("decoder", model.decoder)):
        layers, weights = network_records(network)
        record[side] = {"layers": layers, "weights": pack_floats(weights)}
    return record


def page_record(
    models: Sequence[LoadedModel], data: ImageData, images: int, seed: int, progress: bool | str
) -> dict[str, Any]:
    """Encodes the images, and returns the data of the page without the networks; see `explore`."""
    stage = stage_printer(progress)
    records = []
    for number, loaded in enumerate(models):
        stage(f"encode {min(images, data.size)} images of {data.name} by {loaded.name}")
        bars = progress is True
        encoded = encode_dataset(loaded.model, data, images=min(images, data.size), seed=seed, progress=bars)
        context = EvaluationContext(loaded.model, data, encoded, seed=seed, progress=bars)
        latents = loaded.model.latents
        about = {"name": loaded.name, "about": description(loaded), "latents": latents.get_config(), "number": number}
        records.append(about | {"scores": score_record(context)})
    return {"data": input_record(data, seed), "models": records}


def description(loaded: LoadedModel) -> str:
    """Returns a line about a model: its kind, its training step and its hyperparameters."""
    training = loaded.training
    parts = [training.get("preset") or training.get("model") or type(loaded.model).__name__]
    if loaded.step is not None:
        parts.append(f"step {loaded.step:,}")
    settings = training.get("hyperparameters", {})
    numbers = {name: value for name, value in settings.items() if type(value) in (int, float)}
    parts += [f"{name} {value:g}" for name, value in numbers.items() if name not in NOT_SHOWN]
    return " · ".join(parts)
