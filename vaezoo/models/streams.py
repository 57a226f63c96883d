"""Checks of every batch of a tf.data.Dataset, a PyDataset or a generator, as it passes."""

from __future__ import annotations

import contextlib
import functools
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from vaezoo.models.inputs import (
    check_batch_size,
    check_range,
    check_replicas,
    check_spec,
    checked_images,
    refuse_other_kinds,
)

Spec: TypeAlias = tf.TensorSpec | tuple[tf.TensorSpec, ...]
REFUSAL = re.compile(r"Batch \d+ of the (validation )?data: .*?\.(?=\]?$)", re.MULTILINE)


def checked_data(
    x: Any, spec: Spec, *, most: int | None = None, batch_size: int = 32, replicas: int = 1, what: str = "data"
) -> Any:
    """Returns what Keras takes as `x`, such that no batch of it reaches a model unchecked.

    Arrays are checked whole, at once. The batches of a tf.data.Dataset, a `keras.utils.PyDataset` and a generator are
    checked as they pass, and their number is named; a data set keeps its cardinality and its options. Other kinds, a
    tf.distribute.DistributedDataset among them, pass unchecked.

    Args:
        x: images, or batches as `spec` has them.
        spec: the `element_spec` of a model.
        most: the images that the data set of a model has; no batch may have more.
        batch_size: images that Keras puts into each batch of an array.
        replicas: number of replicas, among which the images of each batch must divide.
        what: "data" or "validation data", for messages.

    Raises:
        ValueError: for images of another dtype, shape or range, and for an empty data set.
    """
    if isinstance(x, tf.data.Dataset):
        return checked_dataset(x, spec, most, replicas, what)
    check = functools.partial(check_batch, spec=spec, most=most, replicas=replicas, what=what)
    if isinstance(x, keras.utils.PyDataset):
        return CheckedPyDataset(x, check)
    if isinstance(x, types.GeneratorType):
        return (check(batch, n) for n, batch in enumerate(x, start=1))
    x = checked_images(x, tuple(tf.nest.flatten(spec)[0].shape[1:]))
    if isinstance(x, (np.ndarray, tf.Tensor)):
        check_batch_size(min(batch_size, len(x)), most)
        for size in {min(batch_size, len(x)), len(x) % batch_size}:
            check_replicas(size, replicas)
    return x


def parts_of(batch: Any, spec: Spec) -> list[tuple]:
    """Returns the parts of a batch that a model takes, each with its spec. Labels beside images alone are ignored.

    Raises:
        ValueError: where the batch has another structure than the spec.
    """
    if isinstance(spec, tf.TensorSpec):
        return [(keras.utils.unpack_x_y_sample_weight(batch)[0], spec)]
    if isinstance(batch, list):  # as a tuple, but in Python
        batch = tuple(batch)
    try:
        tf.nest.assert_same_structure(batch, spec)
    except (TypeError, ValueError):
        raise ValueError(f"Expected batches with the structure {spec}. Received: {kinds(batch)}.") from None
    return list(zip(tf.nest.flatten(batch), tf.nest.flatten(spec), strict=True))


def kinds(batch: Any) -> str:
    """Returns the structure of a batch in words, with the shapes of its parts."""
    return str(tf.nest.map_structure(lambda part: tuple(getattr(part, "shape", ())), batch))


def checked_dataset(
    dataset: tf.data.Dataset, spec: Spec, most: int | None, replicas: int, what: str
) -> tf.data.Dataset:
    """Returns the data set, whose batches raise InvalidArgumentError as drawn; see `refusals_in_one_line`."""
    for received, expected in parts_of(dataset.element_spec, spec):
        refuse_other_kinds(received, tuple(expected.shape[1:]))
        check_spec(received.shape, received.dtype, expected)
        check_batch_size(received.shape[:1].num_elements() or 0, most)
    if dataset.cardinality() == 0:
        raise ValueError("Expected batches of images. Received an empty tf.data.Dataset.")

    @tf.autograph.experimental.do_not_convert
    def check(n: tf.Tensor, batch: Any) -> Any:
        where, size = f"Batch {{}} of the {what}:", "`dataset_size` must be at least the batch size"
        values = "expected images in [0, 1]. Received values from"
        for x, expected in parts_of(batch, spec):
            B = tf.shape(x)[0]
            if expected.dtype.is_floating:
                low, high = tf.reduce_min(x), tf.reduce_max(x)  # NaN where a pixel is
                message = tf.strings.format(f"{where} {values} {{}} to {{}}.", (n, low, high))
                tf.debugging.Assert((low >= 0) & (high <= 1), [message])
            if most is not None:
                message = tf.strings.format(f"{where} {size}, {{}}. Received: {most}.", (n, B))
                tf.debugging.Assert(tf.less_equal(B, most), [message])
            if replicas > 1:
                multiple = f"expected a multiple of {replicas} images, the replicas. Received:"
                tf.debugging.Assert(tf.equal(B % replicas, 0), [tf.strings.format(f"{where} {multiple} {{}}.", (n, B))])
        return batch

    return dataset.enumerate(start=1).map(check)


def check_batch(batch: Any, number: int, *, spec: Spec, most: int | None, replicas: int, what: str) -> tuple | list:
    """Returns a batch of Python's making as a tuple, once checked. Raises ValueError, naming its number."""
    try:
        for x, expected in parts_of(batch, spec):
            refuse_other_kinds(x, tuple(expected.shape[1:]))
            x = np.asarray(x)
            check_spec(x.shape, x.dtype, expected)
            if expected.dtype.is_floating:
                check_range(x)
            check_batch_size(len(x), most)
            check_replicas(len(x), replicas)
    except ValueError as error:
        message = str(error)
        raise ValueError(f"Batch {number} of the {what}: {message[:1].lower()}{message[1:]}") from None
    return batch if isinstance(batch, (tuple, list)) else (batch,)


class CheckedPyDataset(keras.utils.PyDataset):
    """A PyDataset whose every batch goes through `check(batch, number)`.

    Args:
        batches: the data set that is checked.
        check: returns a batch as Keras takes it, or raises ValueError; batches are counted from 1.
    """

    def __init__(self, batches: keras.utils.PyDataset, check: Callable[[Any, int], tuple | list]):
        super().__init__(batches.workers, batches.use_multiprocessing, batches.max_queue_size)
        self.batches, self.check = batches, check

    @property
    def num_batches(self) -> int | None:
        """The number of batches in an epoch, or None for infinitely many."""
        return self.batches.num_batches

    def __getitem__(self, index: int) -> tuple | list:
        """Returns a batch, once checked."""
        return self.check(self.batches[index], index + 1)

    def on_epoch_begin(self) -> None:
        """Tells the data set that is checked that an epoch begins."""
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tells the data set that is checked that an epoch has ended."""
        self.batches.on_epoch_end()


@contextlib.contextmanager
def refusals_in_one_line() -> Iterator[None]:
    """Raises what a check refused within TensorFlow's input pipeline as a ValueError of one line."""
    try:
        yield
    except tf.errors.OpError as error:
        refusal = REFUSAL.search(error.message)
        if refusal is None:
            raise
        raise ValueError(refusal[0]) from None
