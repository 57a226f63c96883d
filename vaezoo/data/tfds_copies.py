"""Prepared copies of the sets of TensorFlow Datasets (TFDS): finds them, and downloads them where there is none."""

import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from vaezoo.choices import did_you_mean

PROBED = "https://storage.googleapis.com"
NAME = re.compile(r"[a-zA-Z]\w*(/[\w+.-]*\w[\w+.-]*)?(:\d+\.\d+\.\d+)?", re.ASCII)
# Sets that `tfds_reader.read` accepts, by their common names, so that suggestions do not need TFDS.
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


def find_or_download(name: str, folders: Sequence[Path], data_dir: str | os.PathLike | None, wanted: str = "") -> Path:
    """Finds a prepared copy of a set in `folders` or in TFDS's own folder, or downloads it.

    Args:
        name: as in `find`.
        folders: the folders to search first.
        data_dir: where to download to; by default TFDS's own folder.
        wanted: a description of other files that would do, for the error message.

    Raises:
        ValueError: if TFDS does not have the set.
        FileNotFoundError: if there is no copy and the network does not answer.
    """
    folders = [*folders, default_folder()]
    copy = find(name, folders)
    if copy is not None:
        return copy
    try:
        return download(name, Path(data_dir) if data_dir else None)
    except ConnectionError as error:
        wanted = f"{wanted}, or " if wanted else ""
        raise FileNotFoundError(
            f"Found no copy of '{name}', and {error}. Searched: {', '.join(map(str, folders))}. "
            f"Put there {wanted}a prepared TFDS copy, {name}/<version>/; or name another folder "
            "by `data_dir` or VAEZOO_DATA_DIR."
        ) from error


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
