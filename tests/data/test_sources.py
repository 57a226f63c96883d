import gzip
import os
import pickle
import threading
import zipfile

import numpy as np
import pytest

from vaezoo.data import FactorGrid, files, load, prepared, sources, sprites

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(12, 4, 5), dtype=np.uint8)
LABELS = np.arange(12) % 10


class Trap:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def trap(tmp_path):
    mark = tmp_path / "unpickled"
    yield np.array([Trap(mark)], dtype=object)
    assert not mark.exists()


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def same(data, images=IMAGES, labels=LABELS):
    np.testing.assert_array_equal(np.rint(255 * data.images(np.arange(data.size))[..., 0]), images)
    if labels is None:
        assert data.labels is None
    else:
        np.testing.assert_array_equal(data.labels, labels)
    return True


# Names, folders, splits


def test_the_trap_works(trap, tmp_path):
    pickle.loads(pickle.dumps(trap))
    (tmp_path / "unpickled").rmdir()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", "Unknown data set 'mnits'. Did you mean 'mnist'? Choose from: dsprites, mnist, fashion_mnist"),
        ("zzz", "Unknown data set 'zzz'. Choose from: "),
        ("celeba", "Unknown data set 'celeba'. Did you mean 'tfds:celeb_a'? Choose from: "),
        ("Shapes3D", "Did you mean 'tfds:shapes3d'?"),
        ("3dshapes", "Did you mean 'tfds:shapes3d'?"),
        ("cifar_10", "Did you mean 'tfds:cifar10'?"),
        ("svhn_cropped", "Did you mean 'tfds:svhn_cropped'?"),
        ("kmnist", "Did you mean 'tfds:kmnist'?"),  # and not mnist
        ("binarized_mnist", "Did you mean 'tfds:binarized_mnist'?"),
        ("dsprite", "Did you mean 'dsprites'?"),
        ("cars3d", "Unknown data set 'cars3d'. TFDS does not have it either: save its images as an .npz file."),
        ("tfds:mnits", "Unknown data set of TFDS 'mnits'. Did you mean 'tfds:mnist'?"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError) as error:
        load(name)
    assert message in str(error.value)


def test_the_suggested_sets_of_tfds_exist_and_can_be_read():
    tfds = pytest.importorskip("tensorflow_datasets")
    for name in set(prepared.SETS.values()):
        kinds = tfds.builder(name).info.features.items()
        (shape,) = [kind.shape for _, kind in kinds if isinstance(kind, tfds.features.Image)]
        assert None not in shape, name
    assert not set(sources.ELSEWHERE) & set(tfds.list_builders(with_community_datasets=False))


@pytest.mark.parametrize("name", ["", "/etc", "../mnist", "mnist/", "mnist/..", "mnist:*", "mnist:3", "mnist\n", "a b"])
def test_what_cannot_be_a_name_of_tfds(name, tmp_path, monkeypatch):
    """A path would be searched for, and TFDS and the network asked, for minutes."""
    monkeypatch.setattr(prepared, "find", None)
    monkeypatch.setattr(prepared, "download", None)
    with pytest.raises(
        ValueError, match="Expected the name of a data set of TFDS, as tfds:mnist.* Received: "
    ) as error:
        load(f"tfds:{name}", data_dir=tmp_path)
    assert str(error.value).endswith(repr(f"tfds:{name}"))


@pytest.mark.parametrize(
    "name", ["mnist", "emnist/letters", "mnist:3.0.1", "cifar10_corrupted/fog_1:1.0.0", "a/v1.0-x+y"]
)
def test_what_can_be_a_name_of_tfds(name):
    prepared.check_name(name)


def test_missing_folders_and_files(monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError, match="`data_dir` to be an existing folder. Received: '.*gone'"):
        load("dsprites", data_dir=tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match=r"an \.npz file. Received: 'gone.npz'"):
        load("gone.npz", data_dir=tmp_path)
    monkeypatch.setenv("VAEZOO_DATA_DIR", str(tmp_path / "away"))
    with pytest.raises(FileNotFoundError, match="`VAEZOO_DATA_DIR` to be an existing folder"):
        load("dsprites")


@pytest.mark.parametrize(("name", "choices"), [("dsprites", "train"), ("mnist", "train, test")])
def test_unknown_split(name, choices):
    with pytest.raises(ValueError, match=f"Unknown split 'valid' of '{name}'. Choose from: {choices}$"):
        load(name, split="valid")


def test_order_of_folders(save, tmp_path, monkeypatch):
    for number, folder in enumerate(("given", "environment")):
        (tmp_path / folder).mkdir()
        save(f"{folder}/mnist.npz", x_train=IMAGES + np.uint8(number), y_train=LABELS)
    monkeypatch.setenv("VAEZOO_DATA_DIR", str(tmp_path / "environment"))
    assert same(load("mnist"), IMAGES + np.uint8(1))
    assert same(load("mnist", data_dir=tmp_path / "given"))


# .npz


def test_any_npz(save, trap):
    path = save("mine.npz", pictures=IMAGES, y=LABELS, notes=trap, table=np.zeros((12, 3)))
    data = load(path)
    assert same(data) and data.name == "mine" and data.origin == "file mine.npz" and data.factors is None
    assert same(load("mine.npz", data_dir=path.parent))
    with pytest.raises(ValueError, match="Unknown split 'test' of 'mine.npz'. Choose from: train$"):
        load(path, split="test")


def test_npz_with_both_splits(save):
    path = save("two.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:3], y_test=LABELS[:3])
    assert same(load(path)) and same(load(path, split="test"), IMAGES[:3], LABELS[:3])
    assert same(load(save("bare.npz", x_train=IMAGES)), labels=None)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"table": np.zeros((3, 2))}, r"Received 0 among: table float64 \(3, 2\)"),
        ({}, "Received 0 among: no arrays"),
        ({"a": IMAGES, "b": IMAGES}, r"Received 2 among: a uint8 \(12, 4, 5\), b uint8 \(12, 4, 5\)"),
        ({"a": IMAGES.astype(np.int32)}, "'foreign' .* Received: dtype int32"),
        ({"a": IMAGES.astype(float)}, "divide them by 255"),
        ({"a": IMAGES, "labels": LABELS[:-1]}, r"`labels` of 'foreign' to be integers \[12\]"),
    ],
)
def test_foreign_npz(save, arrays, message):
    with pytest.raises(ValueError, match=message):
        load(save("foreign.npz", **arrays))


def test_pickles_are_never_loaded(save, trap):
    with pytest.raises(ValueError, match="Received 0 among: images pickled, never loaded"):
        load(save("a.npz", images=trap))
    for key in ("x_train", "y_train"):
        arrays = {"x_train": IMAGES, "y_train": LABELS, key: trap}
        with pytest.raises(ValueError, match="Received: a pickle, which is never loaded"):
            load(save("b.npz", **arrays))


def test_damaged_npz(save, tmp_path):
    path = save("whole.npz", images=RNG.integers(256, size=(50, 20, 20), dtype=np.uint8))
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for content in (whole[: len(whole) // 2], whole[:-30], bytes(flipped), b"not a zip", b""):
        damaged = tmp_path / "damaged.npz"
        damaged.write_bytes(content)
        with pytest.raises(ValueError, match=r"Expected '.*damaged.npz' to be a whole \.npz"):
            load(damaged)


# MNIST


@pytest.mark.parametrize("subfolder", ["", "mnist"])
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files(tmp_path, subfolder, zipped):
    folder = tmp_path / subfolder
    folder.mkdir(exist_ok=True)
    for prefix, n in (("train", 12), ("t10k", 5)):
        for kind, array in (("images-idx3-ubyte", IMAGES[:n]), ("labels-idx1-ubyte", LABELS[:n].astype(np.uint8))):
            content = idx(array)
            name = f"{prefix}-{kind}" + (".gz" if zipped else "")
            (folder / name).write_bytes(gzip.compress(content) if zipped else content)
    data = load("mnist", data_dir=tmp_path)
    assert same(data) and data.origin.startswith("files train-images-idx3-ubyte")
    assert same(load("mnist", data_dir=tmp_path, split="test"), IMAGES[:5], LABELS[:5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(IMAGES)[:-1], "239 bytes where 240 were due"),
        (b"", "0 bytes where 4 were due"),
        (idx(LABELS.astype(np.uint8)), "of rank 3, beginning with 00000803. Received: 00000801"),
        (b"\x1f\x8b" + idx(IMAGES), "Received: 1f8b0000"),
    ],
)
def test_damaged_idx(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        files.read_idx(path, rank=3)


def test_truncated_gz(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(IMAGES))[:-20])
    with pytest.raises(ValueError, match="to be a whole"):
        files.read_idx(path, rank=3)


def test_files_of_the_other_set(save, tmp_path):
    save("fashion_mnist.npz", x_train=IMAGES, y_train=[*sources.FIRST_LABELS["mnist"]["train"], 0, 1])
    with pytest.raises(ValueError, match="the images of 'fashion_mnist'. Received: those of 'mnist', file"):
        load("fashion_mnist", data_dir=tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_real_digits(real, name):
    path = real(f"{name}.npz")
    for split, n in (("train", 60_000), ("test", 10_000)):
        data = load(name, data_dir=path.parent, split=split)
        assert (data.size, data.image_shape, data.origin) == (n, (28, 28, 1), f"file {name}.npz")
        assert data.labels[:10].tolist() == sources.FIRST_LABELS[name][split]
    train = load(name, data_dir=path.parent)
    means = [batch.mean() for batch in train.batches(10_000, shuffle=False).as_numpy_iterator()]
    assert np.mean(means) == pytest.approx({"mnist": 0.13066, "fashion_mnist": 0.28604}[name], abs=1e-5)


# dSprites, published: a grid of 48 points stands for the whole

SMALL = FactorGrid(sprites.GRID.names, (3, 2, 2, 2, 2))
PIXELS = RNG.integers(2, size=(48, 64, 64), dtype=np.uint8)
COLOURED = np.insert(SMALL.classes(np.arange(48)), 0, 0, axis=1)


def test_published_npz(save, trap, monkeypatch):
    path = save(sources.PUBLISHED_SPRITES, metadata=trap, imgs=PIXELS, latents_classes=COLOURED)
    np.testing.assert_array_equal(files.read_sprites(path, SMALL), np.packbits(PIXELS, axis=-1))
    monkeypatch.setattr(files.read_sprites, "__defaults__", (SMALL,))
    for name in ("dsprites", path):
        data = load(name, data_dir=path.parent)
        assert data.origin == f"file {sources.PUBLISHED_SPRITES}" and data.factors is sprites.GRID
        np.testing.assert_array_equal(data.images(np.arange(48))[..., 0], PIXELS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"imgs": PIXELS[1:]}, r"`imgs` in .* to be uint8 \(48, 64, 64\). Received: uint8 \(47, 64, 64\)"),
        ({"imgs": PIXELS.astype(np.int64)}, "Received: int64"),
        ({"latents_classes": COLOURED[:, 1:]}, r"`latents_classes` .* int64 \(48, 6\). Received: int64 \(48, 5\)"),
        ({"latents_classes": COLOURED[::-1]}, "another order"),
        ({"imgs": PIXELS * 3}, "pixels of 0 and 1 in .* Received: 3"),
    ],
)
def test_not_the_published_npz(save, arrays, message):
    path = save("sprites.npz", **{"imgs": PIXELS, "latents_classes": COLOURED, **arrays})
    with pytest.raises(ValueError, match=message):
        files.read_sprites(path, SMALL)


def test_part_of_dsprites_is_not_the_set(save):
    with pytest.raises(ValueError, match=r"\(737280, 64, 64\). Received: uint8 \(48, 64, 64\)"):
        load(save("part.npz", imgs=PIXELS, latents_classes=COLOURED))


def test_truncated_published_npz(tmp_path):
    path = tmp_path / "sprites.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in (("imgs", PIXELS), ("latents_classes", COLOURED)):
            with archive.open(f"{key}.npy", "w") as stream:
                np.lib.format.write_array(stream, array)
    content = path.read_bytes()
    path.write_bytes(content.replace(PIXELS[7].tobytes(), PIXELS[6].tobytes()))
    with pytest.raises(ValueError, match="to be a whole .* Bad CRC"):
        files.read_sprites(path, SMALL)


# TFDS


def prepare(folder, name, features, examples):
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
    Prepared(data_dir=str(folder)).download_and_prepare()


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
    monkeypatch.setattr(prepared.read_sprites, "__defaults__", (SMALL,))
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    for name in ("dsprites", "tfds:dsprites"):
        data = load(name)
        assert data.origin == "TFDS dsprites 1.2.0" and data.factors is sprites.GRID
        np.testing.assert_array_equal(data.images(np.arange(48))[..., 0], PIXELS)


def test_tfds_sprites_with_one_missing(tfds_sprites):
    with pytest.raises(ValueError, match="Expected all 48 images .* Received: 47"):
        prepared.read_sprites(prepared.find("dsprites", [tfds_sprites(47)]), SMALL)


def test_newest_version(tmp_path):
    for version in ("1.9.0", "1.10.0", "1.10.0.incomplete"):
        (tmp_path / "set" / version).mkdir(parents=True)
        if "incomplete" not in version:
            (tmp_path / "set" / version / "dataset_info.json").touch()
    assert prepared.find("set", [tmp_path / "none", tmp_path]).name == "1.10.0"
    assert prepared.find("set:1.9.0", [tmp_path]).name == "1.9.0"
    assert prepared.find("other", [tmp_path]) is None


@pytest.mark.parametrize("images", [IMAGES, None, [IMAGES]])
def test_images_in_memory_are_told_where_to_go(images):
    with pytest.raises(TypeError, match="use vaezoo.data.from_arrays"):
        load(images)


# Without a network


@pytest.mark.parametrize("name", ["mnist", "tfds:cifar10"])
def test_offline(monkeypatch, tmp_path, name):
    """TFDS itself is not asked: offline, it tries again for minutes."""

    def no_network(*args, **kwargs):
        raise OSError("the network is down")

    def asked(*args, **kwargs):
        raise AssertionError("TFDS was asked to download.")

    monkeypatch.setattr(prepared.urllib.request, "urlopen", no_network)
    monkeypatch.setattr("tensorflow_datasets.builder", asked)
    monkeypatch.setenv("VAEZOO_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError) as error:
        load(name)
    for words in ("the network is down", str(tmp_path), str(prepared.default_folder()), "VAEZOO_DATA_DIR"):
        assert words in str(error.value)
    assert ("mnist.npz" in str(error.value)) == (name == "mnist")


def test_a_network_that_never_answers(monkeypatch):
    answers, ended = threading.Event(), threading.Event()

    def urlopen(*args, **kwargs):
        answers.wait(60)
        ended.set()
        raise OSError("too late")

    monkeypatch.setattr(prepared.urllib.request, "urlopen", urlopen)
    assert "no answer" in prepared._unreachable(timeout=0.2)
    assert not ended.is_set()
    answers.set()
