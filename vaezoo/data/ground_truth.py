"""Loads the named data sets with ground-truth factors, apart from dSprites."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vaezoo.data import cars3d, mpi3d, npy, npz, shapes3d, smallnorb, tfds_copies, tfds_reader
from vaezoo.data.arrays import from_arrays, from_rows
from vaezoo.data.factor_table import FactorTable
from vaezoo.data.factors import FactorGrid
from vaezoo.data.images import ImageData
from vaezoo.data.places import Request
from vaezoo.data.resizing import SIZE, reduced
from vaezoo.data.rows import Rows


def load_shapes3d(request: Request) -> ImageData:
    """Loads 3D Shapes: the published HDF5 file, or TFDS's set in the same order."""
    request.check_split("shapes3d")
    path = request.first(shapes3d.FILE, f"shapes3d/{shapes3d.FILE}", f"3dshapes/{shapes3d.FILE}")
    if path:
        return hdf5_set(path, "shapes3d", request)
    return tfds_set("shapes3d", request, wanted=f"{shapes3d.FILE} (also in a subfolder shapes3d/)")


def load_cars3d(request: Request) -> ImageData:
    """Loads Cars3D from its .mat files.

    Raises:
        FileNotFoundError: if there are none.
    """
    request.check_split("cars3d")
    found = cars3d.find(request.folders)
    if not found:
        raise missing("cars3d", request, f"the 183 .mat files, in a subfolder {' or '.join(cars3d.FOLDERS)}")
    images, factors = cars3d.read_files(found)
    return from_arrays(
        images, name="cars3d", origin=f"folder {found[0].parent.name}, {len(found)} files", factors=factors
    )


def load_smallnorb(request: Request) -> ImageData:
    """Loads SmallNORB, reduced to 64 x 64: the published binary matrices, or TFDS's set."""
    request.check_split("smallnorb", tuple(smallnorb.STEMS))
    stem = smallnorb.STEMS[request.split]
    names = [f"{stem}-{kind}.mat" for kind in ("dat", "cat", "info")]
    paths = [
        request.first(*(f"{sub}{name}{end}" for sub in ("smallnorb/", "small_norb/", "") for end in ("", ".gz")))
        for name in names
    ]
    if not all(paths):
        return tfds_set("smallnorb", request, wanted=f"{', '.join(names)} (also .gz, and in a subfolder smallnorb/)")
    images, factors = smallnorb.read_files(*paths)
    origin = f"files {paths[0].name}, {paths[1].name}, {paths[2].name}"
    categories = factors.classes(np.arange(factors.size))[:, 0]
    return from_arrays(images, categories, "smallnorb", origin=origin, factors=factors)


def load_mpi3d(name: str) -> Callable[[Request], ImageData]:
    """Returns the loader of one of the sets of MPI3D, by its name in `mpi3d.FILES`."""

    def load(request: Request) -> ImageData:
        request.check_split(name)
        file = mpi3d.FILES[name]
        path = request.first(file, f"{name}/{file}", f"mpi3d/{file}")
        if not path:
            raise missing(name, request, f"{file} (also in a subfolder {name}/ or mpi3d/)")
        return mpi3d_set(path, name, request)

    return load


LOADERS: dict[str, Callable[[Request], ImageData]] = {
    "shapes3d": load_shapes3d,
    "cars3d": load_cars3d,
    "smallnorb": load_smallnorb,
    **{name: load_mpi3d(name) for name in mpi3d.FILES},
}
"""Name of a set -> its loader."""


def missing(name: str, request: Request, wanted: str) -> FileNotFoundError:
    """Returns the error for a set whose files are in none of the folders."""
    searched = ", ".join(map(str, request.folders)) or "no folder"
    return FileNotFoundError(
        f"Found no copy of '{name}', which TFDS does not have either. Searched: {searched}. "
        f"Put there {wanted}; or name another folder by `data_dir` or VAEZOO_DATA_DIR."
    )


def image_set(images: np.ndarray | Rows, labels: np.ndarray | None = None, name: str = "", **options) -> ImageData:
    """Builds a data set from an array or from rows; the other arguments are those of `from_arrays`."""
    return (from_rows if isinstance(images, Rows) else from_arrays)(images, labels, name, **options)


def hdf5_set(path: Path, name: str, request: Request) -> ImageData:
    """Loads an HDF5 file; `labels` of six columns are the factors of 3D Shapes."""
    request.check_split(name)
    images, factors = shapes3d.read_hdf5(path, request.streamed)
    names = shapes3d.FACTORS if factors is not None and factors.shape[1] == len(shapes3d.FACTORS) else None
    return image_set(images, name=name, origin=f"file {path.name}", factors=factors, factor_names=names)


def mpi3d_set(path: Path, name: str, request: Request) -> ImageData:
    """Loads a published .npz of MPI3D, in place if it is not compressed.

    Raises:
        ValueError: if the file is damaged or too large, or has not the images of a published set.
    """
    image, _ = npz.image_and_labels(path, request.split)
    count = npz.headers(path)[image][0][0]
    factors = mpi3d.grid_of(count, name)
    images = npy.stored_member(path, image, request.streamed)
    if images is None:
        (images,) = npz.read_arrays(path, [image])
    return image_set(images, name=name, origin=f"file {path.name}", factors=factors)


def tfds_set(name: str, request: Request, wanted: str = "", raw: bool = False) -> ImageData:
    """Loads a set of TFDS, prepared or downloaded.

    Args:
        name: of the set, as of `tfds_copies.find`.
        request: the folders and the split.
        wanted: a description of other files that would do, for the error message.
        raw: whether to leave the size of SmallNORB's images as it is.

    Raises:
        ValueError: if the name or the split is unknown, or the images are of no use.
        FileNotFoundError: if there is no copy and none can be downloaded.
    """
    copy = tfds_copies.find_or_download(name, request.folders, request.data_dir, wanted)
    request.check_split(name, tfds_reader.splits(copy))
    base = name.partition(":")[0]
    smaller = base == "smallnorb" and not raw
    images, labels, classes = tfds_reader.read(copy, request.split, False if smaller else request.streamed)
    images = reduced(images, SIZE) if smaller else images
    factors: FactorGrid | FactorTable | None = None
    if classes is not None and base == "shapes3d":
        images, factors = in_order_of_grid(images, classes)
    elif classes is not None:
        factors = smallnorb.table(*classes.T)
    return image_set(images, labels, name, origin=f"TFDS {base} {copy.name}", factors=factors)


def in_order_of_grid(
    images: np.ndarray | Rows, classes: np.ndarray
) -> tuple[np.ndarray | Rows, FactorGrid | FactorTable]:
    """Sorts the images of 3D Shapes in memory into the published order, in place; those in files keep theirs."""
    grid = shapes3d.GRID
    factors = FactorTable(grid.names, grid.sizes, classes, grid.values)
    if isinstance(images, Rows) or factors.size != grid.size or not factors.complete:
        return images, factors
    return images[factors.lookup.order], grid
