"""Published files of sets with ground-truth factors, small ones in the same formats."""

import gzip

import h5py
import numpy as np
import pytest
import tensorflow as tf

from vaezoo.data import FactorGrid, FactorTable, cars3d, load, mpi3d, rows, shapes3d, smallnorb
from vaezoo.data.resizing import reduced

RNG = np.random.default_rng(0)


def pixels(data):
    return np.rint(255 * data.images(range(data.size)))


# 3D Shapes


GRID = FactorGrid(
    shapes3d.FACTORS, (2, 3, 2, 2, 2, 3), [v[:s] for v, s in zip(shapes3d.GRID.values, (2, 3, 2, 2, 2, 3), strict=True)]
)
LABELS = GRID.real(GRID.classes(np.arange(GRID.size)))
SHAPES = RNG.integers(256, size=(GRID.size, 6, 5, 3), dtype=np.uint8)


def write_h5(path, images=SHAPES, labels=LABELS, **options):
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, **options)
        if labels is not None:
            file.create_dataset("labels", data=labels)
    return path


def test_the_grid_of_3d_shapes_is_the_published_one():
    assert shapes3d.GRID.size == 480_000
    np.testing.assert_allclose(
        shapes3d.GRID.real([[9, 9, 9, 7, 3, 14], [0] * 6]), [[0.9] * 3 + [1.25, 3, 30], [0, 0, 0, 0.75, 0, -30]]
    )


@pytest.mark.parametrize("folder", [".", "shapes3d"])
def test_3d_shapes(tmp_path, folder):
    write_h5(tmp_path / folder / "3dshapes.h5", compression="gzip", chunks=(7, 6, 5, 3))
    data = load("shapes3d", data_dir=tmp_path)
    assert (data.name, data.image_shape, data.origin) == ("shapes3d", (6, 5, 3), "file 3dshapes.h5")
    assert isinstance(data.factors, FactorGrid) and data.factors.names == GRID.names
    np.testing.assert_array_equal(pixels(data), SHAPES)
    for mine, published in zip(data.factors.values, GRID.values, strict=True):
        np.testing.assert_array_equal(mine, published)


def test_any_hdf5_file(tmp_path):
    path = write_h5(tmp_path / "x.h5", labels=np.arange(GRID.size)[::-1, None])
    memory, data = (load(path, streamed=s) for s in (False, True))
    assert isinstance(data.stored, rows.FileRows) and not isinstance(memory.stored, rows.Rows)
    np.testing.assert_array_equal(pixels(data), SHAPES)
    np.testing.assert_array_equal(pixels(memory), SHAPES)
    assert isinstance(data.factors, FactorTable) and data.factors.names == ("factor_0",)
    assert load(write_h5(tmp_path / "y.h5", labels=None)).factors is None


def test_hdf5_files_that_are_none(tmp_path, monkeypatch):
    path = write_h5(tmp_path / "x.h5", compression="gzip")
    with pytest.raises(ValueError, match="Unknown split 'test' of 'x'"):
        load(path, split="test")
    with monkeypatch.context() as limited:
        limited.setenv("VAEZOO_MAX_BYTES", "1000")
        with pytest.raises(ValueError, match=r"at most 1,000 bytes .* images uint8 \(144, 6, 5, 3\), labels float64"):
            load(path)
    with h5py.File(path, "w") as file:
        file["other"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"Expected `images` \[N, H, W\] .* Received: other <HDF5 dataset"):
        load(path)
    for content in (b"", b"no HDF5", write_h5(tmp_path / "y.h5", compression="gzip").read_bytes()[:2500]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="Expected '.*x.h5' to be a whole HDF5 file"):
            load(path)


# MPI3D


@pytest.mark.parametrize("streamed", [None, True])
@pytest.mark.parametrize("name", list(mpi3d.FILES))
def test_mpi3d(tmp_path, monkeypatch, name, streamed):
    assert [grid.size for grid in mpi3d.GRIDS] == [1_036_800, 460_800]
    small = FactorGrid(mpi3d.NAMES, (2, 2, 1, 1, 1, 3, 2))
    images = RNG.integers(256, size=(24, 6, 5, 3), dtype=np.uint8)
    np.savez(tmp_path / mpi3d.FILES[name], images=images)
    with pytest.raises(
        ValueError, match=f"Expected the 1,036,800 or 460,800 images of MPI3D as '{name}'. Received: 24"
    ):
        load(name, data_dir=tmp_path)
    monkeypatch.setattr(mpi3d, "GRIDS", [small])
    data = load(name, data_dir=tmp_path, streamed=streamed)
    assert data.factors is small and data.name == name and isinstance(data.stored, rows.Rows) == bool(streamed)
    np.testing.assert_array_equal(pixels(data), images)
    assert load(tmp_path / mpi3d.FILES[name]).factors is small


def test_mpi3d_is_nowhere(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=f"no copy of 'mpi3d_real', .* Searched: {tmp_path}. Put there mpi3d_real.npz"
    ):
        load("mpi3d_real", data_dir=tmp_path)


# Cars3D


def test_cars3d(tmp_path, monkeypatch):
    savemat = pytest.importorskip("scipy.io").savemat
    (tmp_path / "cars").mkdir()
    smooth = np.linspace(0, 99, 128)[:, None, None] + np.linspace(0, 99, 128)[None, :, None] + np.arange(3)
    for car in range(2):
        im = smooth[..., None, None] + 3 * np.arange(4) + np.arange(24)[:, None] / 2 + 20 * car
        savemat(tmp_path / "cars" / f"car_00{car}_mesh.mat", {"im": im.astype(np.uint8), "other": np.zeros(3)})
    with pytest.raises(ValueError, match="Expected the 183 .mat files of Cars3D in '.*cars'. Received: 2"):
        load("cars3d", data_dir=tmp_path)
    monkeypatch.setattr(cars3d.read_files, "__defaults__", (2,))
    data = load("cars3d", data_dir=tmp_path)
    assert data.image_shape == (64, 64, 3) and data.factors.names == ("elevation", "azimuth", "object_type")
    assert data.factors.sizes == (4, 24, 2) and data.origin == "folder cars, 2 files"
    middle = np.rint(255 * data.images(range(data.size))[:, 32, 32])
    elevation, azimuth, car = data.factors.classes(range(data.size)).T
    expected = smooth[64:66, 64:66].mean((0, 1)) + (3 * elevation + azimuth / 2 + 20 * car)[:, None]
    assert np.abs(middle - expected).max() < 1.6  # the files are rounded down
    (tmp_path / "cars" / "car_001_mesh.mat").write_bytes(b"no MATLAB")
    with pytest.raises(ValueError, match="Expected `im` in '.*car_001_mesh.mat'. Received: "):
        load("cars3d", data_dir=tmp_path)
    savemat(tmp_path / "cars" / "car_001_mesh.mat", {"im": im[:, :, :2].astype(np.uint8)})
    with pytest.raises(ValueError, match=r"uint8 \[H, W, 3, 24, 4\]. Received: uint8 \(128, 128, 2, 24, 4\)"):
        load("cars3d", data_dir=tmp_path)


def test_reduced_images_keep_their_grey_levels():
    flat = np.full((2, 96, 96, 1), 77, np.uint8)
    assert (reduced(flat) == 77).all()
    checkers = np.indices((128, 128)).sum(0) % 2 * 255
    assert np.abs(reduced(checkers.astype(np.uint8)[None, ..., None])[:, 8:-8, 8:-8].astype(int) - 127.5).max() < 3


# SmallNORB

N = 30
INFO = np.stack([np.arange(N) % 10, np.arange(N) % 9, np.arange(N) % 18 * 2, np.arange(N) % 6], axis=1).astype("<i4")
CATEGORY = (np.arange(N) % 5).astype("<i4")
NORB = RNG.integers(256, size=(N, 2, 96, 96), dtype=np.uint8)


def matrix(array):
    magic = {1: 0x1E3D4C55, 4: 0x1E3D4C54}[array.dtype.itemsize]
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    return np.array([magic, array.ndim, *sizes], "<i4").tobytes() + array.tobytes()


def write_norb(folder, split="train", zipped=False, **changed):
    folder.mkdir(exist_ok=True)
    for kind, array in {"dat": NORB, "cat": CATEGORY, "info": INFO, **changed}.items():
        content = array if isinstance(array, bytes) else matrix(array)
        name = f"{smallnorb.STEMS[split]}-{kind}.mat"
        (folder / (name + ".gz" * zipped)).write_bytes(gzip.compress(content) if zipped else content)


@pytest.mark.parametrize("split, zipped, folder", [("train", False, "."), ("test", True, "smallnorb")])
def test_smallnorb(tmp_path, split, zipped, folder):
    write_norb(tmp_path / folder, split, zipped)
    data = load("smallnorb", data_dir=tmp_path, split=split)
    assert (data.size, data.image_shape) == (N, (64, 64, 1)) and data.factors.sizes == (5, 9, 18, 6)
    np.testing.assert_array_equal(pixels(data), reduced(NORB[:, 0, ..., None]))
    np.testing.assert_array_equal(data.labels, CATEGORY)
    expected = np.stack([CATEGORY, 30 + 5 * INFO[:, 1], 10 * INFO[:, 2], INFO[:, 3]], axis=1)  # degrees
    np.testing.assert_array_equal(data.factors.real(data.factors.classes(range(N))), expected)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dat": matrix(NORB)[:-1]}, "to be a whole"),
        ({"dat": matrix(NORB) + b"1"}, r"to end after \(30, 2, 96, 96\)"),
        ({"dat": b"12345678" * 4}, "a binary matrix of SmallNORB, .* Received: magic number 0x34333231"),
        ({"cat": CATEGORY[:-1]}, r"Expected matrices \[N, 2, H, W\] of bytes"),
        ({"info": INFO * 9}, "from 0 to below the sizes"),
        ({"dat": np.array([0x1E3D4C55, 4, 2**30, 2, 96, 96], "<i4").tobytes()}, "Received: uint8"),
    ],
)
def test_damaged_smallnorb(tmp_path, changed, message):
    write_norb(tmp_path, **changed)
    with pytest.raises(ValueError, match=message):
        load("smallnorb", data_dir=tmp_path)


# dSprites' factors in other files


def test_latents_classes_are_factors(save):
    images = RNG.integers(256, size=(12, 4, 5), dtype=np.uint8)
    classes = np.stack([np.zeros(12), np.arange(12) % 3, *[np.arange(12) % 2] * 4], axis=1).astype(int)
    data = load(save("some.npz", images=images, latents_classes=classes))
    assert data.factors.names == ("color", "shape", "scale", "orientation", "x", "y")
    np.testing.assert_array_equal(data.factors.classes(range(12)), classes)
    assert load(save("five.npz", images=images, latents_classes=classes[:, 1:])).factors.names[0] == "shape"
    assert load(save("four.npz", images=images, latents_classes=classes[:, 2:])).factors.names[0] == "factor_0"
    with pytest.raises(ValueError, match=r"`factors` of 'short' to be \[12, F\]"):
        load(save("short.npz", images=images, factors=classes[:-1]))


def test_named_sets_that_are_nowhere(tmp_path, monkeypatch):
    def no_network(*args, **kwargs):
        raise OSError("the network is down")

    from vaezoo.data import tfds_copies

    monkeypatch.setattr(tfds_copies.urllib.request, "urlopen", no_network)
    for name, wanted in (("shapes3d", "3dshapes.h5"), ("cars3d", "183 .mat files"), ("smallnorb", "-dat.mat")):
        with pytest.raises(FileNotFoundError, match=f"no copy of '{name}'.*Put there .*{wanted}"):
            load(name, data_dir=tmp_path)
    assert tf.io.gfile.listdir(str(tmp_path)) == []
