"""`from_preset`: a trained model by the name of its preset, or from a folder."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from vaezoo.choices import validate_choice
from vaezoo.encoding.loading import newest_version
from vaezoo.models import BaseVAE
from vaezoo.optimizers import Adam
from vaezoo.presets import PRESETS
from vaezoo.pretrained.places import fetch_files, read_manifest, weights_place
from vaezoo.serving.keras_model import FILES, load_keras_model, unserved_networks
from vaezoo.training import load_newest
from vaezoo.training.records import read_json
from vaezoo.zoo import create, should_jit_compile


def from_preset(preset: str | os.PathLike, load_weights: bool = True) -> BaseVAE:
    """Returns the trained model of a preset, or the model in a folder, compiled with a new optimizer.

    The weights of a preset are those that the manifest of `VAEZOO_WEIGHTS` lists, a folder or a base address, and of
    a clone's saved_models where that is not set. They are verified by SHA-256 before they are used. `vaezoo list`
    shows the presets that are trained.

    A version holds the weights of the encoder and the decoder, and the training step. Not in it are FactorVAE's
    discriminator, which gets initial values (a warning says so), and the state of the optimizer.

    Args:
        preset: a preset ("nonsyn_dsprites"); or a folder: of a run, of an exported version, or of versions (the
            newest). A folder with the name of a preset is given as "./nonsyn_dsprites".
        load_weights: False for initial weights: those of `vaezoo.create(preset)`, or of the model in the folder.

    Raises:
        ValueError: if the name is unknown, there are no trained weights, or a file is missing, damaged, or not the one
            of the manifest.
        OSError: if a downloaded file cannot be written.
    """
    name = os.fspath(preset)
    if name in PRESETS:
        return trained(name) if load_weights else create(name)
    if not os.path.isdir(name):
        if os.sep in name:
            raise ValueError(f"Expected a preset or a folder of a model. There is no folder {name!r}")
        validate_choice("preset", name, PRESETS)
    return from_folder(Path(name), load_weights)


def trained(preset: str) -> BaseVAE:
    """Returns the trained model of a preset; see `from_preset`."""
    place = weights_place()
    manifest = read_manifest(place)
    if preset not in manifest:
        raise ValueError(
            f"There are no trained weights of preset {preset!r} in {place}. Trained are: "
            f"{', '.join(sorted(manifest)) or 'none'}. `load_weights=False` returns a new model."
        )
    model = load_keras_model(fetch_files(place, preset, manifest[preset], FILES))
    warn_of_initial_values(model, preset)
    return compiled(model, Adam(**PRESETS[preset].optimizer))


def from_folder(folder: Path, load_weights: bool) -> BaseVAE:
    """Returns the model of a run or of an exported version; see `from_preset`."""
    version = newest_version(folder)
    if (version / "saved_model.pb").exists():
        model = load_keras_model(version)
        settings = read_json(version / "model.json", "a model card as JSON").get("training", {})
        if load_weights:
            warn_of_initial_values(model, str(version))
    elif found := load_newest(folder):
        model, settings = found[0], read_json(folder / "config.json", "a run's configuration as JSON")
    else:
        there = ", ".join(sorted(child.name for child in folder.iterdir() if not child.name.startswith(".")))
        raise ValueError(
            f"Expected the folder of a run, with checkpoints or a model.keras, or of a SavedModel. '{folder}' has: "
            f"{there or 'nothing'}"
        )
    optimizer = model.optimizer if model.compiled else Adam(settings.get("learning_rate", 0.001))
    if not load_weights:
        model = type(model).from_config(model.get_config())
    return compiled(model, type(optimizer).from_config(optimizer.get_config()))


def compiled(model: BaseVAE, optimizer: Adam) -> BaseVAE:
    """Compiles a model as `vaezoo.create` does, and returns it."""
    model.compile(optimizer, jit_compile=should_jit_compile(model))
    return model


def warn_of_initial_values(model: BaseVAE, source: str) -> None:
    """Warns if a model that was loaded from an exported version has networks that the version does not hold."""
    if others := [network.name for network in unserved_networks(model)]:
        warnings.warn(
            f"{source} holds the weights of the encoder and the decoder. Those of other networks of "
            f"{type(model).__name__} have initial values: {', '.join(others)}.",
            stacklevel=4,
        )
