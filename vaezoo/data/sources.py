"""Loads a data set by its name or path: the places that are searched, and their order."""

import os
import re
from pathlib import Path

import numpy as np

from vaezoo.choices import did_you_mean
from vaezoo.data import files, mpi3d, npy, npz, sprites, tfds_copies, tfds_reader
from vaezoo.data.arrays import from_arrays, from_bits
from vaezoo.data.decorated_sprites import KINDS, decorated
from vaezoo.data.ground_truth import LOADERS, hdf5_set, image_set, mpi3d_set, tfds_set
from vaezoo.data.image_folder import read_folder
from vaezoo.data.images import ImageData
from vaezoo.data.places import Request

NAMES = (
    "dsprites",
    "mnist",
    "fashion_mnist",
    "color_dsprites",
    "noisy_dsprites",
    "shapes3d",
    "cars3d",
    "smallnorb",
    "mpi3d_toy",
    "mpi3d_realistic",
    "mpi3d_real",
    "mpi3d_complex",
)
PUBLISHED_SPRITES = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
# Both sets use the same names for their idx files; the first labels distinguish them.
FIRST_LABELS = {
    "mnist": {"train": [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "test": [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]},
    "fashion_mnist": {"train": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], "test": [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]},
}


def load(
    name_or_path: str | os.PathLike,
    *,
    data_dir: str | os.PathLike | None = None,
    split: str = "train",
    streamed: bool | None = None,
) -> ImageData:
    """Loads a data set, into memory or, if it is large, to be read from its files when batches need it.

    | `name_or_path` | images | source |
    | --- | --- | --- |
    | `dsprites` | 737,280, 64 x 64 x 1, with `factors` | published .npz, prepared TFDS copy, or drawn |
    | `color_dsprites`, `noisy_dsprites` | the same, 64 x 64 x 3 (Locatello et al. 2019) | drawn over `dsprites` |
    | `shapes3d` | 480,000, 64 x 64 x 3, with `factors` | published .h5, prepared TFDS copy, or TFDS |
    | `cars3d` | 17,568, reduced to 64 x 64 x 3, with `factors` | published .mat files |
    | `smallnorb` | 24,300, reduced to 64 x 64 x 1, with `factors` | published .mat files, or as `shapes3d` |
    | `mpi3d_toy`, `mpi3d_realistic`, `mpi3d_real` | 1,036,800, 64 x 64 x 3, with `factors` | published .npz |
    | `mpi3d_complex` | 460,800, 64 x 64 x 3, with `factors` | published .npz |
    | `mnist`, `fashion_mnist` | 28 x 28 x 1, with `labels` | .npz, idx files, prepared TFDS copy, or TFDS |
    | a path to an `.npz` | its one image array, or x_train and x_test; `factors` | the file, there or in the folders |
    | a path to a `.npy` | the array | the file, there or in the folders |
    | a path to an `.h5` | `images`, and `labels` [N, F] as factors | the file, there or in the folders |
    | a path to a folder | its .png, .jpg and .jpeg files, of one size; class subfolders give `labels` | the files |
    | `tfds:<name>` | those of any TFDS image set; `factors` of shapes3d and smallnorb | prepared copy, or TFDS |

    Folders are searched in this order: `data_dir`, the environment's VAEZOO_DATA_DIR, and for prepared copies that of
    TFDS (TFDS_DATA_DIR or `~/tensorflow_datasets`). Files may be in a subfolder with the name of the set.

    Args:
        name_or_path: the name of a set, or a path.
        data_dir: a folder to search first.
        split: "train" or "test" (most sets and files have only "train"), or a split of the TFDS set.
        streamed: whether images stay in their files. That is possible for uint8 arrays in .npy files and, without
            compression, in .npz and .h5 files, for folders, and for TFDS sets prepared as "array_record". By default
            it is done from 256 MiB of pixels on. Batches are the same; `ImageData.digest` is not.

    Returns:
        An `ImageData`, whose `origin` names the source.

    Raises:
        ValueError: if the name or the split is unknown, or a file is damaged, too large (`guards.check_bytes`) or has
            other contents than expected.
        FileNotFoundError: if a folder or file does not exist, or no copy was found and none can be downloaded.
        TypeError: if `name_or_path` is neither a string nor a path.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise TypeError(
            "Expected the name of a data set or a path. "
            f"Received: {type(name_or_path).__name__}; for images in memory, use vaezoo.data.from_arrays"
        )
    name, request = os.fspath(name_or_path), Request(data_dir, split, streamed)
    request.check_folders()
    if name in ("dsprites", *(f"{kind}_dsprites" for kind in KINDS)):
        request.check_split(name)
        data = _sprites(request)
        return data if name == "dsprites" else decorated(data, name.partition("_")[0])
    if name in LOADERS:
        return LOADERS[name](request)
    if name in NAMES:
        return _digits(name, request)
    if name.startswith("tfds:"):
        return _tfds(name.removeprefix("tfds:"), request)
    if name.endswith((".npz", ".npy", ".h5", ".hdf5")) or Path(name).is_file():
        return _file(name, request)
    folder = next((place for place in request.places(name) if place.is_dir()), None)
    if name and folder:
        return _folder(folder, request)
    if name.endswith("/"):
        raise FileNotFoundError(f"Expected a folder of images. Received: '{name}', which does not exist")
    choices = ", ".join((*NAMES, "a path to an .npz, .npy or .h5 file or to a folder of images", "tfds:<name>"))
    raise ValueError(f"Unknown data set '{name}'.{_hint(name)} Choose from: {choices}")


def _hint(name: str) -> str:
    plain = re.sub(r"[\W_]", "", name.lower())
    known = {plain: f"tfds:{name}" for plain, name in tfds_copies.SETS.items()}
    known |= {name.replace("_", ""): name for name in NAMES} | {"3dshapes": "shapes3d", "mpi3d": "mpi3d_toy"}
    return did_you_mean(plain, known, cutoff=0.7)


def _sprites(request: Request) -> ImageData:
    path = request.first(PUBLISHED_SPRITES, f"dsprites/{PUBLISHED_SPRITES}")
    copy = tfds_copies.find("dsprites", [*request.folders, tfds_copies.default_folder()])
    if path:
        bits, origin = files.read_sprites(path), f"file {path.name}"
    elif copy:
        bits, origin = tfds_reader.read_sprites(copy), f"TFDS dsprites {copy.name}"
    else:
        bits, origin = sprites.draw_all(), "drawn in process (no published copy found)"
    return from_bits(bits, "dsprites", origin=origin, factors=sprites.GRID)


def _file(name: str, request: Request) -> ImageData:
    path = Path(name).expanduser()
    path = path if path.is_file() else request.first(name) or path
    origin = f"file {path.name}"
    if path.suffix in (".npy", ".h5", ".hdf5") and not path.is_file():
        raise FileNotFoundError(f"Expected a {path.suffix} file. Received: '{path}', where there is none")
    if path.suffix == ".npy":
        request.check_split(path.name)
        return image_set(npy.read_npy(path, request.streamed), name=path.stem, origin=origin)
    if path.suffix in (".h5", ".hdf5"):
        return hdf5_set(path, path.stem, request)
    request.check_split(path.name, npz.splits(path))
    if files.is_published_sprites(path):
        bits = files.read_sprites(path)
        return from_bits(bits, path.stem, origin=origin, factors=sprites.GRID)
    if path.name in mpi3d.FILES.values():
        return mpi3d_set(path, path.stem, request)
    image, label = npz.image_and_labels(path, request.split)
    factors, names = (None, None) if image.startswith("x_") else npz.read_factors(path)
    options = {"name": path.stem, "origin": origin, "factors": factors, "factor_names": names}
    rows = npy.stored_member(path, image, request.streamed)
    if rows is None:
        images, labels = npz.read_npz(path, request.split)
        return from_arrays(images, labels, **options)
    return image_set(rows, npz.read_arrays(path, label)[0] if label else None, **options)


def _folder(path: Path, request: Request) -> ImageData:
    name = path.resolve().name
    request.check_split(name)
    images, labels = read_folder(path, request.streamed)
    return image_set(images, labels, name, origin=f"folder {name}, {images.shape[0]} files")


def _digits(name: str, request: Request) -> ImageData:
    request.check_split(name, ["train", "test"])
    prefix = {"train": "train", "test": "t10k"}[request.split]
    archive = request.first(f"{name}/{name}.npz", f"{name}.npz")
    idx_images, idx_labels = (
        request.first(*(f"{sub}{prefix}-{kind}{end}" for sub in (f"{name}/", "") for end in ("", ".gz")))
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    if archive:
        request.check_split(archive.name, npz.splits(archive))
        (images, labels), origin = npz.read_npz(archive, request.split), f"file {archive.name}"
    elif idx_images and idx_labels:
        images, labels = files.read_idx(idx_images, rank=3), files.read_idx(idx_labels, rank=1)
        origin = f"files {idx_images.name}, {idx_labels.name}"
    else:
        wanted = (
            f"{name}.npz (arrays x_train, y_train, x_test, y_test), or {prefix}-images-idx3-ubyte[.gz] and "
            f"{prefix}-labels-idx1-ubyte[.gz] (both also in a subfolder {name}/)"
        )
        return _tfds(name, request, wanted)
    for other, first in FIRST_LABELS.items():
        if other != name and labels is not None and np.array_equal(labels[:10], first[request.split]):
            raise ValueError(f"Expected the images of '{name}'. Received: those of '{other}', {origin}")
    return from_arrays(images, labels, name, origin=origin)


def _tfds(name: str, request: Request, wanted: str = "") -> ImageData:
    tfds_copies.check_name(name)
    if name.partition(":")[0] != "dsprites":
        return tfds_set(name, request, wanted, raw=True)
    copy = tfds_copies.find_or_download(name, request.folders, request.data_dir, wanted)
    request.check_split(name, tfds_reader.splits(copy))
    bits = tfds_reader.read_sprites(copy)
    return from_bits(bits, "dsprites", origin=f"TFDS dsprites {copy.name}", factors=sprites.GRID)
