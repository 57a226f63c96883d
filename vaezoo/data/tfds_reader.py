"""Reader of TensorFlow Datasets (TFDS), which is imported only when one of its sets is requested."""

import math
import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaezoo.choices import did_you_mean
from vaezoo.data import sprites
from vaezoo.data.factors import FactorGrid
from vaezoo.data.guards import check_memory

PROBED = "https://storage.googleapis.com"
NAME = re.compile(r"[a-zA-Z]\w*(/[\w+.-]*\w[\w+.-]*)?(:\d+\.\d+\.\d+)?", re.ASCII)
# Sets that `read` accepts, by their common names, so that suggestions do not need TFDS.
SETS = {
    **{name: name for name in ("cifar10", "cifar100", "emnist", "kmnist", "omniglot", "shapes3d", "stl10")},
    **{"binarizedmnist": "binarized_mnist", "celeba": "celeb_a", "celebahq": "celeb_a_hq", "3dshapes": "shapes3d"},
    **{"svhn": "svhn_cropped", "svhncropped": "svhn_cropped"},
}


def default_folder() -> Path:
    """Returns the folder of TFDS's data: TFDS_DATA_DIR, or `~/tensorflow_datasets`."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def check_name(name: str) -> None:
    """Checks that a name has the form of TFDS's names; paths and empty names do not.

    Raises:
        ValueError: if `name` is not `set` or `set/config`, either also with a version, `:1.2.3`.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            "Expected the name of a data set of TFDS, as tfds:mnist, tfds:emnist/letters or tfds:mnist:3.0.1. "
            f"Received: {f'tfds:{name}'!r}"
        )


def find(name: str, folders: Sequence[Path]) -> Path | None:
    """Finds a prepared copy of a set: the newest version in the first folder that has one.

    Args:
        name: `set` or `set/config`, either also with a version, `:1.2.3`.
        folders: folders in the layout of TFDS's data folder.

    Returns:
        The folder of the version, or None.
    """
    name, _, version = name.partition(":")
    for folder in folders:
        versions = [path.parent for path in folder.glob(f"{name}/{version or '*'}/dataset_info.json")]
        if versions:
            return max(versions, key=_version)
    return None


def _version(folder: Path) -> list[int]:
    return [int(part) if part.isdigit() else -1 for part in folder.name.split(".")]


def download(name: str, folder: Path | None) -> Path:
    """Downloads and prepares a set by TFDS.

    Args:
        name: as in `find`.
        folder: TFDS's data folder; by default its own.

    Returns:
        The folder of the prepared version.

    Raises:
        ConnectionError: if the network does not answer within 5 seconds; TFDS itself would retry for minutes.
        ValueError: if TFDS does not have the set.
    """
    import tensorflow_datasets as tfds

    base, names = re.split("[/:]", name)[0], tfds.list_builders(with_community_datasets=False)
    if base not in names:
        hint = did_you_mean(base, {name: f"tfds:{name}" for name in names})
        raise ValueError(f"Unknown data set of TFDS '{base}'.{hint} tfds.list_builders() names them all")
    reason = _unreachable()
    if reason:
        raise ConnectionError(f"TFDS cannot download it: {PROBED} is out of reach ({reason})")
    builder = tfds.builder(name, data_dir=None if folder is None else str(folder))
    builder.download_and_prepare()
    return Path(builder.data_dir)


def _unreachable(timeout: float = 5.0) -> str | None:
    """Returns why the network is unreachable, or None if there is any answer within `timeout` seconds."""
    answer = [f"no answer in {timeout:g} s"]

    def ask():
        try:
            urllib.request.urlopen(urllib.request.Request(PROBED, method="HEAD"), timeout=timeout).close()
            answer[0] = None
        except urllib.error.HTTPError:
            answer[0] = None
        except (OSError, ValueError) as error:
            answer[0] = str(getattr(error, "reason", error))

    # In a thread, because resolving a host name has no timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answer[0]


def splits(folder: Path) -> tuple[str, ...]:
    """Returns the names of the splits of a prepared set."""
    return tuple(_builder(folder).info.splits)


def read(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads the images and class labels of a prepared set, in their order on disk.

    Args:
        folder: of a prepared version.
        split: one of `splits(folder)`.

    Returns:
        The images [N, H, W, C], and the labels [N] or None.

    Raises:
        ValueError: if the examples have no image, several, or images of varying size, or do not fit into memory.
    """
    import tensorflow_datasets as tfds

    info = _builder(folder).info
    features = dict(info.features.items()) if isinstance(info.features, tfds.features.FeaturesDict) else {}
    images = [key for key, feature in features.items() if type(feature) is tfds.features.Image]
    classes = [key for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    if len(images) != 1 or None in features[images[0]].shape:
        raise ValueError(
            f"Expected one image of fixed size in each example of TFDS's '{info.full_name}'. "
            f"Received: { {key: features[key].shape for key in images} or list(features) }"
        )
    n, shape = info.splits[split].num_examples, features[images[0]].shape
    size = n * math.prod(shape) * np.dtype(features[images[0]].np_dtype).itemsize
    check_memory(folder, size, f"{images[0]} {(n, *shape)}")
    stored, labels = np.empty((n, *shape), features[images[0]].np_dtype), np.empty(n, np.int64)
    start = 0
    for batch in _batches(folder, split):
        end = start + len(batch[images[0]])
        stored[start:end] = batch[images[0]]
        if len(classes) == 1:
            labels[start:end] = batch[classes[0]]
        start = end
    return stored, labels if len(classes) == 1 else None


def read_sprites(folder: Path, grid: FactorGrid = sprites.GRID) -> npt.NDArray[np.uint8]:
    """Reads TFDS's dSprites, which is shuffled, into the published order.

    Args:
        folder: of a prepared version.
        grid: the factors of its images.

    Returns:
        uint8 [grid.size, 64, 8], as by `sprites.draw`.

    Raises:
        ValueError: if an image of the grid is missing.
    """
    bits, seen = sprites.empty_bits(grid.size), np.zeros(grid.size, bool)
    labels = ("label_shape", "label_scale", "label_orientation", "label_x_position", "label_y_position")
    for batch in _batches(folder, "train"):
        indices = grid.indices(np.stack([batch[label] for label in labels], axis=-1))
        bits[indices] = np.packbits(batch["image"][..., 0], axis=-1)
        seen[indices] = True
    if not seen.all():
        raise ValueError(
            f"Expected all {grid.size} images of dSprites in '{folder}'. Received: {np.count_nonzero(seen)}"
        )
    return bits


def _builder(folder: Path):
    import tensorflow_datasets as tfds

    return tfds.builder_from_directory(str(folder))


def _batches(folder: Path, split: str):
    import tensorflow_datasets as tfds

    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    examples = _builder(folder).as_dataset(split=split, batch_size=1024, read_config=in_order)
    return tfds.as_numpy(examples)
