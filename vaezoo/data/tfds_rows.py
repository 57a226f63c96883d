"""Random access to sets of TensorFlow Datasets that were prepared with `file_format="array_record"`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data.rows import Rows

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


class Source:
    """The serialised examples of a split.

    Args:
        records: gives a list of them by `__getitems__`, and their number by `len`.
    """

    def __init__(self, records: Any):
        """Initializes the source."""
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    def parsed(self, indices: Sequence[int], kinds: Mapping[str, tf.DType]) -> dict[str, np.ndarray]:
        """Reads scalar features of examples.

        Args:
            indices: [n], of the examples.
            kinds: maps the keys of the features to their stored types.

        Returns:
            Arrays [n] by key; encoded images are bytes.
        """
        features = {key: tf.io.FixedLenFeature([], kind) for key, kind in kinds.items()}
        with tf.device("CPU:0"):
            parsed = tf.io.parse_example(tf.constant(self.records.__getitems__(indices)), features)
        return {key: value.numpy() for key, value in parsed.items()}

    def batches(self, kinds: Mapping[str, tf.DType]) -> Iterator[dict[str, np.ndarray]]:
        """Reads scalar features of all examples, as `parsed`, some of them at a time."""
        for start in range(0, len(self), 1024):
            yield self.parsed(range(start, min(start + 1024, len(self))), kinds)


class TfdsRows(Rows):
    """The images of a split, which are decoded when they are asked for.

    Args:
        source: the examples.
        key: of the image.
        shape: (H, W, C).
        name: of the set, with its version.
    """

    def __init__(self, source: Source, key: str, shape: Sequence[int], name: str):
        """Initializes the rows."""
        self.source, self.key = source, key
        super().__init__((len(source), *shape), name)

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Decodes images."""
        return decoded(self.source.parsed(indices.tolist(), {self.key: tf.string})[self.key], self.shape[1:])

    def identity(self) -> bytes:
        """Returns the name of the set, with its version."""
        return self.where.encode()


def source_of(builder: tfds.core.DatasetBuilder, split: str) -> Source | None:
    """Returns the examples of a split, or None if its files have no random access."""
    if builder.info.file_format is None or builder.info.file_format.value != "array_record":
        return None
    return Source(builder.as_data_source(split=split).data_source)


def stored_type(feature: tfds.features.FeatureConnector) -> tf.DType | None:
    """Returns the type in which an image or a class label is stored; None for any other feature."""
    import tensorflow_datasets as tfds

    if type(feature) is tfds.features.Image:
        return tf.string
    return tf.int64 if isinstance(feature, tfds.features.ClassLabel) else None


def decoded(encoded: Sequence[bytes], shape: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Decodes PNG or JPEG images of one shape, [n, H, W, C]."""
    images = np.empty((len(encoded), *shape), np.uint8)
    for number, image in enumerate(encoded):
        images[number] = tf.io.decode_image(image, channels=shape[-1], expand_animations=False)
    return images
