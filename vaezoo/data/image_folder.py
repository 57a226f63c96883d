"""Reader of folders of PNG and JPEG images."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.guards import check_memory

ENDINGS = (".png", ".jpg", ".jpeg")


def read_folder(folder: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64] | None]:
    """Reads all images below a folder, in the order of their paths.

    Files have the endings `ENDINGS`, in small or capital letters; hidden files and folders are skipped. Where all
    images lie in two or more subfolders, the subfolders are their classes, numbered in the order of their names.

    Args:
        folder: an existing folder.

    Returns:
        The images [N, H, W, C], and the labels [N] or None.

    Raises:
        ValueError: if there is no image, one cannot be decoded, their sizes or numbers of channels differ, or they do
            not fit into memory (`guards.check_memory`).
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and _visible(path, folder))
    if not paths:
        raise ValueError(f"Expected {', '.join(ENDINGS)} files in '{folder}'. Received: a folder without any")
    first = _decode(paths[0])
    check_memory(folder, len(paths) * first.size, f"uint8 {(len(paths), *first.shape)}")
    images = np.empty((len(paths), *first.shape), np.uint8)
    for number, path in enumerate(paths):
        image = _decode(path)
        if image.shape != first.shape:
            raise ValueError(
                f"Expected images of one size in '{folder}'. Received: {first.shape} in "
                f"'{paths[0].relative_to(folder)}', {image.shape} in '{path.relative_to(folder)}'"
            )
        images[number] = image
    parts = [path.relative_to(folder).parts for path in paths]
    names, labels = np.unique([part[0] for part in parts], return_inverse=True)
    classes = len(names) > 1 and all(len(part) > 1 for part in parts)
    return images, labels.astype(np.int64) if classes else None


def _visible(path: Path, folder: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _decode(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return tf.io.decode_image(tf.io.read_file(str(path)), expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError as error:
        reason = error.message.partition("\n")[0]
        raise ValueError(f"Expected '{path}' to be a PNG or JPEG image. Received: {reason}") from error
