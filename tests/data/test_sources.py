import gzip
import os
import pickle
import zipfile

import numpy as np
import pytest
from tiny import COLOURED, IMAGES, LABELS, PIXELS, SMALL, same

from vaezoo.data import files, load, sources, sprites, tfds_copies


class Trap:
    """Creates a folder when it is unpickled."""

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
        ("Shapes3D", "Did you mean 'shapes3d'?"),
        ("3dshapes", "Did you mean 'shapes3d'?"),
        ("cifar_10", "Did you mean 'tfds:cifar10'?"),
        ("svhn_cropped", "Did you mean 'tfds:svhn_cropped'?"),
        ("kmnist", "Did you mean 'tfds:kmnist'?"),  # and not mnist
        ("binarized_mnist", "Did you mean 'tfds:binarized_mnist'?"),
        ("dsprite", "Did you mean 'dsprites'?"),
        ("colour_dsprites", "Did you mean 'color_dsprites'?"),
        ("mpi3d", "Did you mean 'mpi3d_toy'?"),
        ("tfds:mnits", "Unknown data set of TFDS 'mnits'. Did you mean 'tfds:mnist'?"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError) as error:
        load(name)
    assert message in str(error.value)


def test_the_suggested_sets_of_tfds_exist_and_can_be_read():
    tfds = pytest.importorskip("tensorflow_datasets")
    for name in set(tfds_copies.SETS.values()):
        kinds = tfds.builder(name).info.features.items()
        (shape,) = [kind.shape for _, kind in kinds if isinstance(kind, tfds.features.Image)]
        assert None not in shape, name
    assert not {"cars3d", "mpi3d"} & set(tfds.list_builders(with_community_datasets=False))


@pytest.mark.parametrize("name", ["", "/etc", "../mnist", "mnist/", "mnist/..", "mnist:*", "mnist:3", "mnist\n", "a b"])
def test_what_cannot_be_a_name_of_tfds(name, tmp_path, monkeypatch):
    """They are rejected before folders, TFDS and the network are searched, which takes minutes."""
    monkeypatch.setattr(tfds_copies, "find", None)
    monkeypatch.setattr(tfds_copies, "download", None)
    with pytest.raises(
        ValueError, match="Expected the name of a data set of TFDS, as tfds:mnist.* Received: "
    ) as error:
        load(f"tfds:{name}", data_dir=tmp_path)
    assert str(error.value).endswith(repr(f"tfds:{name}"))


@pytest.mark.parametrize(
    "name", ["mnist", "emnist/letters", "mnist:3.0.1", "cifar10_corrupted/fog_1:1.0.0", "a/v1.0-x+y"]
)
def test_what_can_be_a_name_of_tfds(name):
    tfds_copies.check_name(name)


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
    path = save("whole.npz", images=np.random.default_rng(0).integers(256, size=(50, 20, 20), dtype=np.uint8))
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


# dSprites, published


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


@pytest.mark.parametrize("images", [IMAGES, None, [IMAGES]])
def test_images_in_memory_are_told_where_to_go(images):
    with pytest.raises(TypeError, match="use vaezoo.data.from_arrays"):
        load(images)
