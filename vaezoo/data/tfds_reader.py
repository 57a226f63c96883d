"""Reader of TensorFlow Datasets (TFDS), which is imported only when one of its sets is requested."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data import rows, shapes3d, smallnorb, sprites, tfds_rows
from vaezoo.data.factors import FactorGrid
from vaezoo.data.guards import check_memory

TRUTH = {
    "shapes3d": (None, tuple(f"label_{name}" for name in shapes3d.FACTORS)),
    "smallnorb": ("label_category", tuple(f"label_{name}" for name in smallnorb.FACTORS)),
}
"""Name of a set -> the keys of its class label, or None, and of its ground-truth factors."""


class TfdsImages(NamedTuple):
    """The images [N, H, W, C] of a set, or rows that are read on demand, its labels [N] and factors [N, F], or None."""

    images: np.ndarray | tfds_rows.TfdsRows
    labels: npt.NDArray[np.int64] | None
    factors: npt.NDArray[np.int64] | None


def splits(folder: Path) -> tuple[str, ...]:
    """Returns the names of the splits of a prepared set."""
    return tuple(_builder(folder).info.splits)


def read(folder: Path, split: str, streamed: bool | None = None) -> TfdsImages:
    """Reads the images, class labels and known ground-truth factors of a prepared set, in their order on disk.

    Args:
        folder: of a prepared version.
        split: one of `splits(folder)`.
        streamed: True to read images when they are asked for, which needs a set that was prepared with
            `file_format="array_record"`; False to read them into memory; None to do that up to
            `rows.STREAMED_FROM` bytes.

    Returns:
        The images [N, H, W, C], or rows that are read on demand, with labels and factors.

    Raises:
        ValueError: if the examples have no image, several, or images of varying size, or the images do not fit into
            memory, or are not uint8 where they have random access.
    """
    info = _builder(folder).info
    image, label, truth = keys_of(info)
    n, kind = info.splits[split].num_examples, info.features[image]
    size = n * math.prod(kind.shape) * np.dtype(kind.np_dtype).itemsize
    columns = [key for key in (label, *truth) if key]
    read = np.empty((n, len(columns)), np.int64)
    source = tfds_rows.source_of(_builder(folder), split)
    if source is not None and kind.np_dtype != np.uint8:
        raise ValueError(
            f"Expected uint8 images in '{info.full_name}', or files of another format than array_record. "
            f"Received: {np.dtype(kind.np_dtype)}"
        )
    if source is not None and (size > rows.STREAMED_FROM if streamed is None else streamed):
        stored = tfds_rows.TfdsRows(source, image, kind.shape, info.full_name)
        batches = source.batches({key: tf.int64 for key in columns}) if columns else ()
    else:
        check_memory(folder, size, f"{image} {(n, *kind.shape)}")
        stored, batches = np.empty((n, *kind.shape), kind.np_dtype), _batches(folder, split)
    start = 0
    for batch in batches:
        end = start + len(next(iter(batch.values())))
        if isinstance(stored, np.ndarray):
            stored[start:end] = batch[image]
        for number, key in enumerate(columns):
            read[start:end, number] = batch[key]
        start = end
    factors = read[:, 1 if label else 0 :] if truth else None
    return TfdsImages(stored, read[:, 0] if label else None, factors)


def keys_of(info) -> tuple[str, str | None, tuple[str, ...]]:  # noqa: ANN001 -- TFDS is imported when it is used
    """Returns the keys of the image, of the class label or None, and of the known ground-truth factors.

    Raises:
        ValueError: if there is no image of fixed size, or more than one in a set that `TRUTH` does not list.
    """
    import tensorflow_datasets as tfds

    features = dict(info.features.items()) if isinstance(info.features, tfds.features.FeaturesDict) else {}
    images = [key for key, feature in features.items() if type(feature) is tfds.features.Image]
    classes = [key for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    label, truth = TRUTH.get(info.name, (None, ()))
    if truth and {"image", *truth} <= features.keys():
        return "image", label, truth
    if len(images) != 1 or None in features[images[0]].shape:
        raise ValueError(
            f"Expected one image of fixed size in each example of TFDS's '{info.full_name}'. "
            f"Received: { {key: features[key].shape for key in images} or list(features) }"
        )
    return images[0], classes[0] if len(classes) == 1 else None, ()


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

    builder = _builder(folder)
    source = tfds_rows.source_of(builder, split)
    if source is not None:  # TFDS has no tf.data of these.
        kinds = {key: tfds_rows.stored_type(kind) for key, kind in builder.info.features.items()}
        images = [key for key, kind in builder.info.features.items() if type(kind) is tfds.features.Image]
        for batch in source.batches({key: kind for key, kind in kinds.items() if kind is not None}):
            shapes = {key: builder.info.features[key].shape for key in images}
            yield batch | {key: tfds_rows.decoded(batch[key], shapes[key]) for key in images}
        return
    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    yield from tfds.as_numpy(builder.as_dataset(split=split, batch_size=1024, read_config=in_order))
