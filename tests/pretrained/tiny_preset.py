"""A preset of small images, its trained and evaluated run, and what must hold of any published model."""

import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import flagsaver
from small import SHAPE, SMALL

import vaezoo
from vaezoo.presets import Preset
from vaezoo.pretrained.score_check import TOLERANCE, check_images, elbo_at_mode
from vaezoo.pretrained.settings import preset_settings

NAME, STEPS = "tiny_shapes", 4


def write_images(file):
    """Twenty-five 8x8 images of a square at each place of a grid, with their factors."""
    factors = np.stack(np.meshgrid(range(5), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
    images = np.zeros((len(factors), *SHAPE), np.uint8)
    for image, (i, j) in zip(images, factors, strict=True):
        image[i : i + 3, j : j + 3] = 255
    np.savez(file, images=images, factors=factors, factor_names=["y", "x"])


def tiny_preset(file, **changes):
    """A preset of the images in a file, of six steps."""
    settings = {
        "model": "beta_vae",
        "dataset": str(file),
        "image_shape": SHAPE,
        "dataset_size": 25,
        "network": SMALL,
        "latents": {"gaussian": 3},
        "optimizer": {"learning_rate": 0.01, "beta_1": 0.8},
        "batch_size": 5,
        "steps": 6,
        "hyperparameters": {"beta": 2.0},
        "source": "small images",
    }
    return Preset(**{**settings, **changes})


def train_run(folder, *flags):
    """Trains the preset for four of its six steps, in this process."""
    from vaezoo.cli import train

    given = [f"--preset={NAME}", f"--workdir={folder}", f"--steps={STEPS}", "--noexport", "--nofigures", *flags]
    with flagsaver.flagsaver(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.formatwarning", None)  # `train` replaces it
        train.FLAGS(["vaezoo train", *given])
        train.main(["vaezoo train"])
    return Path(folder)


def publish_commands(file, *commands):
    """What `vaezoo publish` prints to stdout, and its exit code, with each list of flags.

    It needs a process of its own, where no other command has defined its flags.
    """
    from vaezoo.cli import publish as command

    vaezoo.PRESETS[NAME], results = tiny_preset(file), []
    for flags in commands:
        code = 0
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                command.main(command.FLAGS(["vaezoo publish", *flags]))
            except SystemExit as stopped:
                code = stopped.code
        results.append((printed.getvalue(), code))
    return results


def check_published(folder, preset, trained):
    """Asserts that a model of a manifest is whole, has the settings of its preset, loads, and has its score."""
    version = Path(folder, preset, str(trained.version))
    files = {file.relative_to(version).as_posix(): file for file in version.rglob("*") if file.is_file()}
    assert {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()} == trained.files
    assert sum(file.stat().st_size for file in files.values()) == trained.bytes
    assert preset_settings(preset) == trained.settings and trained.steps <= vaezoo.PRESETS[preset].steps

    data = vaezoo.data.load(trained.settings["dataset"])
    assert {"size": data.size, "digest": data.digest}.items() <= trained.data.items()
    images = check_images(data)
    assert len(images) == trained.check["images"]
    expected = pytest.approx(trained.check["value"], rel=TOLERANCE[trained.precision])
    model = vaezoo.from_preset(preset)
    assert int(model.step) == trained.steps and elbo_at_mode(model, images) == expected
    served = tf.saved_model.load(str(version)).signatures["score"](image=tf.constant(images))
    assert float(tf.reduce_mean(served["elbo"])) == expected
