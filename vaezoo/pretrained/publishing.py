"""Publishes a finished, evaluated run as the trained model of its preset."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaezoo.choices import validate_choice
from vaezoo.data import ImageData, load
from vaezoo.durable import write_text
from vaezoo.models import BaseVAE
from vaezoo.presets import PRESETS
from vaezoo.pretrained.manifest import FILE, TrainedModel, format_manifest
from vaezoo.pretrained.places import read_manifest, sha256_of
from vaezoo.pretrained.score_check import agree, check_images, elbo_at_mode, score_check
from vaezoo.pretrained.settings import differing_settings, preset_settings, run_settings
from vaezoo.serving import about_run, check_export_folder, export
from vaezoo.serving.keras_model import load_keras_model, served_variables
from vaezoo.serving.model_card import to_json
from vaezoo.serving.publish import folder_lock
from vaezoo.training import load_newest
from vaezoo.training.records import parsing, read_json
from vaezoo.zoo import create


def publish(
    run: str | os.PathLike,
    folder: str | os.PathLike = "saved_models",
    *,
    data_dir: str | os.PathLike | None = None,
    keep: int | None = None,
) -> tuple[Path, TrainedModel]:
    """Exports a run as the trained model of its preset, and records it in the manifest.

    Args:
        run: folder of a run of `vaezoo train` that has finished and has been evaluated.
        folder: of the trained models: the version is <folder>/<preset>/<version>/, the manifest <folder>/manifest.json.
        data_dir: as for `vaezoo.data.load`.
        keep: how many of the newest versions to keep; None keeps all.

    Returns:
        The folder of the version, and its entry in the manifest.

    Raises:
        ValueError: if the run is not of a preset or has other settings, has not finished, has had more steps than the
            preset, or its scores are not of its last step; if the data set is not the one that it was trained with.
        OSError: if a file cannot be read or written.
    """
    run, folder = Path(run), Path(folder)
    config = read_json(run / "config.json", "a run's configuration as JSON")
    preset = config.get("preset")
    if preset is None:
        raise ValueError(f"Expected a run of a preset, as `vaezoo train --preset=<name>` makes it. Received: '{run}'")
    validate_choice("preset", preset, PRESETS)
    model, settings = check_run(run, config, preset)
    check_export_folder(folder / preset)
    if (folder / FILE).exists():
        read_manifest(str(folder))  # a damaged one is refused before anything is written
    data = load_training_data(config, data_dir)
    evaluated = read_scores(run / "scores.json", config["steps"], data.name)
    check = score_check(model, data)

    about = about_run(run)
    about["training"]["step"] = config["steps"]
    version = export(model, folder / preset, keep=keep, about=about)
    again = elbo_at_mode(load_keras_model(version), check_images(data))
    if not agree(again, check["value"], config["precision"]):
        shutil.rmtree(version)
        raise ValueError(f"{version} does not have the score of the run's model, {check['value']}. Received: {again}")
    files = {file.relative_to(version).as_posix(): file for file in sorted(version.rglob("*")) if file.is_file()}
    trained = TrainedModel(
        version=int(version.name),
        model=config["model"],
        steps=config["steps"],
        images=config["steps"] * model.batches_per_step * config["batch_size"],
        seed=config["seed"],
        precision=config["precision"],
        commit=config.get("commit"),
        packages=config["packages"],
        data={"name": data.name, "origin": data.origin, **config["data"]},
        settings=settings,
        scores=to_json(evaluated["scores"]),
        evaluation=evaluation_settings(evaluated),
        check=check,
        bytes=sum(file.stat().st_size for file in files.values()),
        files={name: sha256_of(file) for name, file in files.items()},
    )
    with folder_lock(folder):
        manifest = read_manifest(str(folder)) if (folder / FILE).exists() else {}
        write_text(folder / FILE, format_manifest({**manifest, preset: trained}))
    return version, trained


def check_run(run: Path, config: Mapping[str, Any], preset: str) -> tuple[BaseVAE, dict[str, Any]]:
    """Checks that a run has finished and has the settings of its preset.

    Returns:
        The trained model, and the settings of the preset.

    Raises:
        ValueError: if it has not.
    """
    expected = preset_settings(preset)
    if differences := differing_settings(run_settings(config, expected), expected):
        raise ValueError("\n".join([f"Expected '{run}' to have the settings of preset {preset!r}.", *differences]))
    found = load_newest(run)
    step, steps, most = found[1] if found else 0, config["steps"], PRESETS[preset].steps
    if step != steps:
        raise ValueError(f"Expected a run that has finished. '{run}' is at step {step:,} of {steps:,}")
    if steps > most:
        raise ValueError(f"Expected at most the {most:,} steps of preset {preset!r}. '{run}' has had {steps:,}")
    model = found[0]
    shapes = [
        [(variable.name, tuple(variable.shape)) for variable in served_variables(one)]
        for one in (model, create(preset, seed=0, jit_compile=False))
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(f"Expected the weights of '{run}' to be those of preset {preset!r}. Received: {shapes[0]}")
    return model, expected


def read_scores(file: Path, steps: int, dataset: str) -> dict[str, Any]:
    """Reads the scores of a run's last step.

    Args:
        file: scores.json.
        steps: training steps of the run.
        dataset: the name of its data set.

    Raises:
        ValueError: if there are none, they are of another step or of another data set, or the file is damaged.
    """
    scores, how = read_json(file, "the scores of an evaluation as JSON"), f"vaezoo evaluate --run={file.parent}"
    if not scores:
        raise ValueError(f"Expected {file}. Evaluate the run first: {how} --bootstrap=200")
    with parsing(file, "the scores of an evaluation as JSON"):
        step, name = scores["training"]["step"], scores["data"]["name"]
    if (step, name) != (steps, dataset):
        raise ValueError(
            f"Expected {file} to be of step {steps:,} on {dataset}. Received: step {step:,} on {name}. Evaluate the "
            f"run again: {how} --bootstrap=200"
        )
    return scores


def evaluation_settings(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the images, the seed and the confidence of the intervals of an evaluation, from its scores.json."""
    protocols = [protocol.get("arguments", {}) for protocol in scores["protocol"].values()]
    confidences = [arguments["confidence"] for arguments in protocols if arguments.get("bootstrap")]
    images = {key: scores["data"][key] for key in ("split", "images", "of")}
    return {**images, "seed": scores["seed"], "confidence": min(confidences, default=None)}


def load_training_data(config: Mapping[str, Any], data_dir: str | os.PathLike | None) -> ImageData:
    """Loads the training images of a run.

    Raises:
        ValueError: if they are other images than those that the run has recorded.
    """
    data = load(config["dataset"], data_dir=data_dir)
    found = {"size": data.size, "digest": data.digest}
    if found != config["data"]:
        raise ValueError(f"Expected the training images of the run, {config['data']}. Received: {found}")
    return data
