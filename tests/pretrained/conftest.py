"""A small run that is published once."""

import contextlib
import json

import pytest
from tiny_preset import NAME, tiny_preset, train_run, write_images

import vaezoo
from vaezoo.evaluation import evaluate
from vaezoo.pretrained.publishing import publish


@contextlib.contextmanager
def among_presets(file):
    """Adds the preset to those of the zoo while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vaezoo.PRESETS, NAME, tiny_preset(file))
        yield vaezoo.PRESETS[NAME]


@pytest.fixture(scope="session")
def images_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "shapes.npz"
    write_images(file)
    return file


@pytest.fixture(autouse=True)
def preset(images_file):
    with among_presets(images_file) as preset:
        yield preset


@pytest.fixture(scope="session")
def run(images_file, tmp_path_factory):
    """The folder of a run of four steps, evaluated."""
    with among_presets(images_file):
        folder = train_run(tmp_path_factory.mktemp("runs") / "tiny", "--seed=3", "--jit_compile=off")
        evaluate(folder, metrics=["mig", "active_units"], bootstrap=20)
    return folder


@pytest.fixture(scope="session")
def published(images_file, run, tmp_path_factory):
    """The folder of trained models, and the entry of the run in its manifest."""
    folder = tmp_path_factory.mktemp("trained")
    with among_presets(images_file):
        _, trained = publish(run, folder)
    return folder, trained


@pytest.fixture
def changed():
    """Changes a JSON file of a run by a function of its content."""

    def change(file, by):
        content = json.loads(file.read_text())
        by(content)
        file.write_text(json.dumps(content))

    return change
