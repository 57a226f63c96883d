"""Reader of folders of PNG and JPEG images, which are decoded at once or, if they are many, batch by batch."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data import rows
from vaezoo.data.guards import check_memory
from vaezoo.data.picture_headers import shape_of
from vaezoo.data.rows import Rows

ENDINGS = (".png", ".jpg", ".jpeg")


class FolderRows(Rows):
    """The images in files of one size, which are decoded when they are asked for.

    Args:
        folder: the folder, for error messages.
        paths: N files.
        shape: (H, W, C) of every image.
    """

    def __init__(self, folder: Path, paths: Sequence[Path], shape: Sequence[int]):
        """Initializes the rows."""
        self.folder = folder
        self.paths = [str(path.relative_to(folder)) for path in paths]
        super().__init__((len(paths), *shape), str(folder))

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Decodes images.

        Raises:
            ValueError: if a file cannot be decoded or has changed its size.
        """
        images = np.empty((len(indices), *self.shape[1:]), np.uint8)
        for number, index in enumerate(indices):
            path = self.folder / self.paths[index]
            image = _decode(path)
            if image.shape != self.shape[1:]:
                raise ValueError(f"Expected an image of {self.shape[1:]} in '{path}'. Received: {image.shape}")
            images[number] = image
        return images

    def identity(self) -> bytes:
        """Returns the names of all files and their sizes in bytes."""
        sizes = [os.stat(self.folder / path).st_size for path in self.paths]
        return "".join(f"{path}\0{size}\n" for path, size in zip(self.paths, sizes, strict=True)).encode()


def read_folder(
    folder: Path, streamed: bool | None = None
) -> tuple[npt.NDArray[np.uint8] | FolderRows, npt.NDArray[np.int64] | None]:
    """Reads all images below a folder, in the order of their paths.

    Files have the endings `ENDINGS`, in small or capital letters; hidden files and folders are skipped. Where all
    images lie in two or more subfolders, the subfolders are their classes, numbered in the order of their names.

    Args:
        folder: an existing folder.
        streamed: True to decode images when they are asked for, and only read their headers now; False to decode them
            all now; None to do so up to `rows.STREAMED_FROM` bytes.

    Returns:
        The images [N, H, W, C], or rows that are decoded on demand, and the labels [N] or None.

    Raises:
        ValueError: if there is no image, one cannot be decoded, their sizes or numbers of channels differ, or they do
            not fit into memory (`guards.check_memory`).
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and _visible(path, folder))
    if not paths:
        raise ValueError(f"Expected {', '.join(ENDINGS)} files in '{folder}'. Received: a folder without any")
    parts = [path.relative_to(folder).parts for path in paths]
    names, labels = np.unique([part[0] for part in parts], return_inverse=True)
    labels = labels.astype(np.int64) if len(names) > 1 and all(len(part) > 1 for part in parts) else None
    first = _decode(paths[0])

    def check(path: Path, shape: tuple[int, ...]) -> None:
        if shape != first.shape:
            raise ValueError(
                f"Expected images of one size in '{folder}'. Received: {first.shape} in "
                f"'{paths[0].relative_to(folder)}', {shape} in '{path.relative_to(folder)}'"
            )

    if len(paths) * first.size > rows.STREAMED_FROM if streamed is None else streamed:
        for path in paths:
            check(path, shape_of(path) or _decode(path).shape)
        return FolderRows(folder, paths, first.shape), labels
    check_memory(folder, len(paths) * first.size, f"uint8 {(len(paths), *first.shape)}")
    images = np.empty((len(paths), *first.shape), np.uint8)
    for number, path in enumerate(paths):
        image = _decode(path)
        check(path, image.shape)
        images[number] = image
    return images, labels


def _visible(path: Path, folder: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _decode(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return tf.io.decode_image(tf.io.read_file(str(path)), expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError as error:
        reason = error.message.partition("\n")[0]
        raise ValueError(f"Expected '{path}' to be a PNG or JPEG image. Received: {reason}") from error
