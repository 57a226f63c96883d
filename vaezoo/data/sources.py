"""Loads a data set by its name or path: the places that are searched, and their order."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vaezoo.choices import did_you_mean
from vaezoo.data import files, npz, sprites, tfds_reader
from vaezoo.data.arrays import from_arrays, from_bits
from vaezoo.data.image_folder import read_folder
from vaezoo.data.images import ImageData

NAMES = ("dsprites", "mnist", "fashion_mnist")
ELSEWHERE = ("cars3d", "mpi3d")  # well-known sets that TFDS does not have
PUBLISHED_SPRITES = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
# Both sets use the same names for their idx files; the first labels distinguish them.
FIRST_LABELS = {
    "mnist": {"train": [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "test": [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]},
    "fashion_mnist": {"train": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], "test": [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]},
}


def load(
    name_or_path: str | os.PathLike, *, data_dir: str | os.PathLike | None = None, split: str = "train"
) -> ImageData:
    """Loads a data set into memory.

    | `name_or_path` | images | source |
    | --- | --- | --- |
    | `dsprites` | 737,280, 64 x 64 x 1, with `factors` | published .npz, prepared TFDS copy, or drawn |
    | `mnist`, `fashion_mnist` | 28 x 28 x 1, with `labels` | .npz, idx files, prepared TFDS copy, or TFDS |
    | a path to an `.npz` | its one image array, or x_train and x_test | the file, there or in the folders |
    | a path to a folder | its .png, .jpg and .jpeg files, of one size; class subfolders give `labels` | the files |
    | `tfds:<name>` | those of any TFDS image set | prepared copy, or TFDS |

    Folders are searched in this order: `data_dir`, the environment's VAEZOO_DATA_DIR, and for prepared copies that of
    TFDS (TFDS_DATA_DIR or `~/tensorflow_datasets`). Files may be in a subfolder with the name of the set.

    Args:
        name_or_path: the name of a set, or a path.
        data_dir: a folder to search first.
        split: "train" or "test" (dSprites, folders and most .npz files have only "train"), or a split of the TFDS set.

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
    name = os.fspath(name_or_path)
    folders = _folders(data_dir)
    if name == "dsprites":
        return _sprites(folders, split)
    if name in NAMES:
        return _digits(name, folders, data_dir, split)
    if name.startswith("tfds:"):
        return _tfds(name.removeprefix("tfds:"), folders, data_dir, split)
    if name.endswith(".npz") or Path(name).is_file():
        return _file(name, folders, split)
    folder = next((place for place in _places(name, folders) if place.is_dir()), None)
    if name and folder:
        return _folder(folder, split)
    if name.endswith("/"):
        raise FileNotFoundError(f"Expected a folder of images. Received: '{name}', which does not exist")
    choices = ", ".join((*NAMES, "a path to an .npz file or to a folder of images", "tfds:<name>"))
    raise ValueError(f"Unknown data set '{name}'.{_hint(name)} Choose from: {choices}")


def _hint(name: str) -> str:
    plain = re.sub(r"[\W_]", "", name.lower())
    if plain in ELSEWHERE:
        return " TFDS does not have it either: save its images as an .npz file."
    known = {name.replace("_", ""): name for name in NAMES}
    known |= {plain: f"tfds:{name}" for plain, name in tfds_reader.SETS.items()}
    return did_you_mean(plain, known, cutoff=0.7)


def _folders(data_dir: str | os.PathLike | None) -> list[Path]:
    given = {"data_dir": data_dir, "VAEZOO_DATA_DIR": os.environ.get("VAEZOO_DATA_DIR")}
    folders = {of: Path(folder).expanduser() for of, folder in given.items() if folder}
    for of, folder in folders.items():
        if not folder.is_dir():
            raise FileNotFoundError(f"Expected `{of}` to be an existing folder. Received: '{folder}'")
    return list(folders.values())


def _places(name: str, folders: Sequence[Path]) -> list[Path]:
    return [Path(name).expanduser(), *(folder / name for folder in folders)]


def _first(folders: Sequence[Path], *names: str) -> Path | None:
    paths = (folder / name for folder in folders for name in names)
    return next((path for path in paths if path.is_file()), None)


def _check_split(name: str, split: str, choices: Sequence[str]) -> None:
    if split not in choices:
        raise ValueError(f"Unknown split '{split}' of '{name}'. Choose from: {', '.join(choices)}")


def _sprites(folders: list[Path], split: str) -> ImageData:
    _check_split("dsprites", split, ["train"])
    path = _first(folders, PUBLISHED_SPRITES, f"dsprites/{PUBLISHED_SPRITES}")
    copy = tfds_reader.find("dsprites", [*folders, tfds_reader.default_folder()])
    if path:
        bits, origin = files.read_sprites(path), f"file {path.name}"
    elif copy:
        bits, origin = tfds_reader.read_sprites(copy), f"TFDS dsprites {copy.name}"
    else:
        bits, origin = sprites.draw_all(), "drawn in process (no published copy found)"
    return from_bits(bits, "dsprites", origin=origin, factors=sprites.GRID)


def _file(name: str, folders: list[Path], split: str) -> ImageData:
    path = Path(name).expanduser()
    path = path if path.is_file() else _first(folders, name) or path
    _check_split(path.name, split, npz.splits(path))
    if files.is_published_sprites(path):
        bits = files.read_sprites(path)
        return from_bits(bits, path.stem, origin=f"file {path.name}", factors=sprites.GRID)
    images, labels = npz.read_npz(path, split)
    return from_arrays(images, labels, path.stem, origin=f"file {path.name}")


def _folder(path: Path, split: str) -> ImageData:
    name = path.resolve().name
    _check_split(name, split, ["train"])
    images, labels = read_folder(path)
    return from_arrays(images, labels, name, origin=f"folder {name}, {len(images)} files")


def _digits(name: str, folders: list[Path], data_dir: str | os.PathLike | None, split: str) -> ImageData:
    _check_split(name, split, ["train", "test"])
    prefix = {"train": "train", "test": "t10k"}[split]
    archive = _first(folders, f"{name}/{name}.npz", f"{name}.npz")
    idx_images, idx_labels = (
        _first(folders, *(f"{sub}{prefix}-{kind}{end}" for sub in (f"{name}/", "") for end in ("", ".gz")))
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    if archive:
        _check_split(archive.name, split, npz.splits(archive))
        (images, labels), origin = npz.read_npz(archive, split), f"file {archive.name}"
    elif idx_images and idx_labels:
        images, labels = files.read_idx(idx_images, rank=3), files.read_idx(idx_labels, rank=1)
        origin = f"files {idx_images.name}, {idx_labels.name}"
    else:
        wanted = (
            f"{name}.npz (arrays x_train, y_train, x_test, y_test), or {prefix}-images-idx3-ubyte[.gz] and "
            f"{prefix}-labels-idx1-ubyte[.gz] (both also in a subfolder {name}/)"
        )
        return _tfds(name, folders, data_dir, split, wanted)
    for other, first in FIRST_LABELS.items():
        if other != name and labels is not None and np.array_equal(labels[:10], first[split]):
            raise ValueError(f"Expected the images of '{name}'. Received: those of '{other}', {origin}")
    return from_arrays(images, labels, name, origin=origin)


def _tfds(
    name: str, folders: list[Path], data_dir: str | os.PathLike | None, split: str, wanted: str = ""
) -> ImageData:
    tfds_reader.check_name(name)
    folders = [*folders, tfds_reader.default_folder()]
    copy = tfds_reader.find(name, folders)
    if copy is None:
        try:
            copy = tfds_reader.download(name, Path(data_dir) if data_dir else None)
        except ConnectionError as error:
            wanted = f"{wanted}, or " if wanted else ""
            raise FileNotFoundError(
                f"Found no copy of '{name}', and {error}. Searched: {', '.join(map(str, folders))}. "
                f"Put there {wanted}a prepared TFDS copy, {name}/<version>/; or name another folder "
                "by `data_dir` or VAEZOO_DATA_DIR."
            ) from error
    _check_split(name, split, tfds_reader.splits(copy))
    origin = f"TFDS {name.partition(':')[0]} {copy.name}"
    if name.partition(":")[0] == "dsprites":
        return from_bits(tfds_reader.read_sprites(copy), "dsprites", origin=origin, factors=sprites.GRID)
    return from_arrays(*tfds_reader.read(copy, split), name, origin=origin)
