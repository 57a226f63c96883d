"""Sets that TFDS has prepared, and errors without a network."""

import threading

import numpy as np
import pytest
from tiny import COLOURED, IMAGES, PIXELS, SMALL, same

from vaezoo.data import load, sprites, tfds_copies, tfds_reader


def prepare(folder, name, features, examples, file_format=None):
    """Prepares a set as TFDS does, in its own shuffled order."""
    tfds = pytest.importorskip("tensorflow_datasets")

    class Prepared(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.2.0")

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features(tfds.features)))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            yield from enumerate(examples)

    Prepared.name = name
    Prepared(data_dir=str(folder), file_format=file_format).download_and_prepare()


def test_tfds(tmp_path):
    prepare(
        tmp_path,
        "tiny",
        lambda kind: {"image": kind.Image(shape=(4, 5, 1)), "label": kind.ClassLabel(num_classes=12)},
        [{"image": image[..., None], "label": n} for n, image in enumerate(IMAGES)],
    )
    data = load("tfds:tiny", data_dir=tmp_path)
    assert sorted(data.labels) == list(range(12)) and data.origin == "TFDS tiny 1.2.0" and data.name == "tiny"
    assert same(data, IMAGES[data.labels], data.labels)
    assert same(load("tfds:tiny:1.2.0", data_dir=tmp_path), IMAGES[data.labels], data.labels)
    with pytest.raises(ValueError, match="Unknown split 'test' of 'tiny'. Choose from: train$"):
        load("tfds:tiny", data_dir=tmp_path, split="test")


def test_tfds_without_one_image(tmp_path):
    prepare(tmp_path, "odd", lambda kind: {"image": kind.Image()}, [{"image": IMAGES[0][..., None].repeat(3, -1)}])
    with pytest.raises(ValueError, match="Expected one image of fixed size"):
        load("tfds:odd", data_dir=tmp_path)


def test_tfds_beyond_the_memory(tmp_path, monkeypatch):
    prepare(tmp_path, "big", lambda kind: {"image": kind.Image(shape=(4, 5, 1))}, [{"image": IMAGES[0][..., None]}] * 3)
    monkeypatch.setenv("VAEZOO_MAX_BYTES", "59")
    with pytest.raises(
        ValueError, match=r"at most 59 bytes of arrays in '.*big.1.2.0' .* image \(3, 4, 5, 1\), 60 bytes"
    ):
        load("tfds:big", data_dir=tmp_path)


@pytest.fixture
def tfds_sprites(tmp_path):
    names = ("shape", "scale", "orientation", "x_position", "y_position")

    def write(count):
        prepare(
            tmp_path,
            "dsprites",
            lambda kind: {
                "image": kind.Image(shape=(64, 64, 1)),
                **{f"label_{name}": kind.ClassLabel(num_classes=3) for name in names},
            },
            [
                {"image": image[..., None], **{f"label_{name}": c for name, c in zip(names, classes, strict=True)}}
                for image, classes in zip(PIXELS[:count], COLOURED[:count, 1:].tolist(), strict=True)
            ],
        )
        return tmp_path

    return write


def test_tfds_sprites_in_the_published_order(tfds_sprites, monkeypatch):
    folder = tfds_sprites(48)
    monkeypatch.setattr(tfds_reader.read_sprites, "__defaults__", (SMALL,))
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    for name in ("dsprites", "tfds:dsprites"):
        data = load(name)
        assert data.origin == "TFDS dsprites 1.2.0" and data.factors is sprites.GRID
        np.testing.assert_array_equal(data.images(np.arange(48))[..., 0], PIXELS)


def test_tfds_sprites_with_one_missing(tfds_sprites):
    with pytest.raises(ValueError, match="Expected all 48 images .* Received: 47"):
        tfds_reader.read_sprites(tfds_copies.find("dsprites", [tfds_sprites(47)]), SMALL)


def test_newest_version(tmp_path):
    for version in ("1.9.0", "1.10.0", "1.10.0.incomplete"):
        (tmp_path / "set" / version).mkdir(parents=True)
        if "incomplete" not in version:
            (tmp_path / "set" / version / "dataset_info.json").touch()
    assert tfds_copies.find("set", [tmp_path / "none", tmp_path]).name == "1.10.0"
    assert tfds_copies.find("set:1.9.0", [tmp_path]).name == "1.9.0"
    assert tfds_copies.find("other", [tmp_path]) is None


# Without a network


@pytest.mark.parametrize("name", ["mnist", "tfds:cifar10"])
def test_offline(monkeypatch, tmp_path, name):
    """TFDS is not called, because it retries for minutes when it is offline."""

    def no_network(*args, **kwargs):
        raise OSError("the network is down")

    def asked(*args, **kwargs):
        raise AssertionError("TFDS was asked to download.")

    monkeypatch.setattr(tfds_copies.urllib.request, "urlopen", no_network)
    monkeypatch.setattr("tensorflow_datasets.builder", asked)
    monkeypatch.setenv("VAEZOO_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError) as error:
        load(name)
    for words in ("the network is down", str(tmp_path), str(tfds_copies.default_folder()), "VAEZOO_DATA_DIR"):
        assert words in str(error.value)
    assert ("mnist.npz" in str(error.value)) == (name == "mnist")


def test_a_network_that_never_answers(monkeypatch):
    answers, ended = threading.Event(), threading.Event()

    def urlopen(*args, **kwargs):
        answers.wait(60)
        ended.set()
        raise OSError("too late")

    monkeypatch.setattr(tfds_copies.urllib.request, "urlopen", urlopen)
    assert "no answer" in tfds_copies._unreachable(timeout=0.2)
    assert not ended.is_set()
    answers.set()
