"""A data set of images, in memory or in files, and the batches and pairs drawn from it."""

import dataclasses
import math
from functools import cached_property

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data import pipeline
from vaezoo.data.factor_table import FactorTable
from vaezoo.data.factors import FactorGrid
from vaezoo.data.reading import Share, read_ahead
from vaezoo.data.stored import Stored, hash_of

PIXELS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)  # [256, 8]


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """A data set of N images, as `vaezoo.data.load` and `from_arrays` return it.

    Attributes:
        name: the name of the set.
        image_shape: (H, W, C).
        origin: a description of the source of the images: drawn, a file, TFDS.
        stored: uint8 or float32 [N, H, W, C], or uint8 [N, H, W/8] with eight binary pixels per byte; or an object of
            shape (N, H, W, C) that gives the images at some indices, such as `Rows`, which reads them from files.
        max_value: the stored value of a pixel of 1.0; 1 or 255.
        labels: int64 [N], or None.
        factors: the ground truth of the images, or None: a `FactorGrid` whose combination n is that of image n, or a
            `FactorTable` where the images are in another order, or not all combinations.
        weights: float64 [N], in proportion to which shuffled batches draw images, with replacement; None for epochs
            that contain every image once. Nothing else depends on them, evaluation among the rest.
    """

    name: str
    image_shape: tuple[int, int, int]
    origin: str
    stored: tf.Tensor | Stored = dataclasses.field(repr=False)
    max_value: int = 1
    labels: npt.NDArray[np.int64] | None = dataclasses.field(default=None, repr=False)
    factors: FactorGrid | FactorTable | None = None
    weights: npt.NDArray[np.float64] | None = dataclasses.field(default=None, repr=False)

    @property
    def size(self) -> int:
        """The number of images, N."""
        return self.stored.shape[0]

    @cached_property
    def digest(self) -> str:
        """A BLAKE2b hash of the images, 32 hexadecimal digits. Names and labels do not contribute; weights do.

        That of images in memory is of all pixels, that of images in files of a sample of them (`Rows.digest`).
        """
        if not isinstance(self.stored, tf.Tensor):
            digest = self.stored.digest()
        else:
            pixels = np.asarray(self.stored)
            header = repr((self.image_shape, pixels.shape, pixels.dtype.str, self.max_value))
            digest = hash_of(header.encode(), np.ascontiguousarray(pixels))
        return digest if self.weights is None else hash_of(digest.encode(), np.ascontiguousarray(self.weights))

    def images(self, indices: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Returns the images at `indices` [n], as float32 [n, H, W, C] in [0, 1].

        Raises:
            IndexError: if an index is not an integer in `0 ... size - 1`.
        """
        indices = np.asarray(indices)
        integers = indices.ndim == 1 and indices.dtype.kind in "iu"
        if not integers or indices.min(initial=0) < 0 or indices.max(initial=0) >= self.size:
            extent = f", {indices.min()} ... {indices.max()}" if indices.size else ""
            raise IndexError(
                f"Expected `indices` to be integers [n] in 0 ... {self.size - 1}. "
                f"Received: {indices.dtype} of shape {indices.shape}{extent}"
            )
        with tf.device("CPU:0"):
            return self.floats(tf.constant(indices, tf.int64)).numpy()

    def batches(
        self,
        batch_size: int,
        *,
        seed: int | None = None,
        start_step: int = 0,
        steps: int | None = None,
        shuffle: bool = True,
        labels: bool = False,
        share: Share | None = None,
    ) -> tf.data.Dataset:
        """Returns a dataset of batches of images, float32 [batch_size, H, W, C] in [0, 1], of known cardinality.

        With `shuffle`, batch n is a pure function of (seed, n): a slice of an endless stream of epochs, each of which
        contains every image once. A batch may lie in two epochs. A run resumes at step n with `start_step=n`, without
        reading the batches before. Without `shuffle`, the batches are one pass in order, and the last may be smaller.
        Where the set has `weights`, there are no epochs: every image of a shuffled batch is drawn by itself.

        Args:
            batch_size: images in a batch.
            seed: selects the order, any integer of 64 bits; not needed without `shuffle`.
            start_step: the number n of the first batch.
            steps: the number of batches. By default, with `shuffle`, those of one pass, `size // batch_size`; without
                it, all that remain.
            shuffle: whether to shuffle the images.
            labels: whether to return pairs (images, labels [batch_size] int64).
            share: the part of every batch that is returned, where replicas train together: a batch for each local
                replica in turn.

        Returns:
            A deterministic `tf.data.Dataset` that prefetches.

        Raises:
            ValueError: if there are fewer images than in a shuffled batch, a batch does not divide among the replicas
                of `share`, or an argument is invalid.
        """
        if share is not None and not shuffle:
            raise ValueError("Expected `shuffle` with a `share`: the last batch of one pass may be smaller")
        self._check_batches(batch_size, seed, start_step, steps, shuffle, labels)
        if shuffle:
            steps = self.size // batch_size if steps is None else steps
            options = {"seed": seed, "start_step": start_step, "steps": steps}
            if self.weights is None:
                order = pipeline.shuffled_batches(self.size, batch_size, **options)
            else:
                order = pipeline.weighted_batches(self.weights, batch_size, **options)
        else:
            steps = math.ceil(self.size / batch_size) - start_step if steps is None else steps
            order = pipeline.ordered_batches(self.size, batch_size, start_step=start_step, steps=steps)
        with tf.device("CPU:0"):
            classes = tf.constant(self.labels) if labels else None

        def batch(indices: tf.Tensor):
            images = self.floats(indices)
            return (images, tf.gather(classes, indices)) if labels else images

        return read_ahead(order, batch, share, batch_size)

    def pairs(
        self,
        batch_size: int,
        *,
        k: int | None = None,
        seed: int,
        start_step: int = 0,
        steps: int | None = None,
        share: Share | None = None,
    ) -> tf.data.Dataset:
        """Returns a dataset of pairs of batches of images (x_1, x_2) that share all of their d factors but k.

        For each pair, the factors of x_1 are drawn uniformly, k different ones of them are chosen uniformly, and these
        are drawn again for x_2, independently, so that some may have the same class by chance. Batch n is a pure
        function of (seed, n). The number of changed factors is not part of the pair.

        Args:
            batch_size: pairs in a batch.
            k: the number of factors that are drawn again, 1 ... d - 1. By default it is drawn uniformly from them for
                each pair (the "unknown k" of the paper).
            seed: selects the pairs, any integer of 64 bits.
            start_step: the number n of the first batch.
            steps: the number of batches, by default `size // batch_size`, but at least 1.
            share: as for `batches`.

        Returns:
            A deterministic `tf.data.Dataset` that prefetches, of two float32 [batch_size, H, W, C] in [0, 1] each, of
            known cardinality.

        Raises:
            ValueError: if the data set has no ground-truth factors or only one, lacks some of their combinations or
                weights them, or an argument is invalid.

        References:
            Locatello et al. 2020, "Weakly-Supervised Disentanglement Without Compromises", section 3.
        """
        _check_integer("batch_size", batch_size, 1)
        _check_integer("seed", seed, -(2**63))
        _check_integer("start_step", start_step, 0)
        if steps is not None:
            _check_integer("steps", steps, 1)
        d = len(self.factors.sizes) if self.factors else 0
        if d < 2:
            raise ValueError(
                f"Expected a data set with a grid of two or more ground-truth factors. Received: '{self.name}', "
                f"which has {'one' if d else 'none'}"
            )
        if k is not None and (not isinstance(k, (int, np.integer)) or not 1 <= k < d):
            raise ValueError(f"Expected `k` to be an integer in 1 ... {d - 1}, or None. Received: {k!r}")
        table = isinstance(self.factors, FactorTable)
        if self.weights is not None or (table and not self.factors.complete):
            raise ValueError(
                "Expected a data set with an image of every combination of its factors, all equally probable, of which "
                f"pairs can be drawn. Received: '{self.name}', whose combinations are "
                f"{'correlated' if self.weights is not None else 'not all there'}"
            )
        steps = max(1, self.size // batch_size) if steps is None else steps
        options = {"k": k, "seed": seed, "start_step": start_step, "steps": steps}
        lookup = self.factors.lookup if table else None
        order = pipeline.paired_batches(self.factors.sizes, batch_size, **options, lookup=lookup)
        return read_ahead(order, lambda *pair: tuple(map(self.floats, pair)), share, batch_size)

    def floats(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns the images at valid indices, int64 [B], as `images` does, as TensorFlow operations."""
        rows = tf.gather(self.stored, indices) if isinstance(self.stored, tf.Tensor) else self.stored.gather(indices)
        if rows.shape.rank == 3:
            rows = tf.gather(PIXELS_OF_BYTE, tf.cast(rows, tf.int32))  # [B, H, W/8, 8]
        return tf.reshape(tf.cast(rows, tf.float32) / self.max_value, [indices.shape[0] or -1, *self.image_shape])

    def _check_batches(
        self, batch_size: int, seed: int | None, start_step: int, steps: int | None, shuffle: bool, labels: bool
    ) -> None:
        _check_integer("batch_size", batch_size, 1)
        _check_integer("start_step", start_step, 0)
        if steps is not None:
            _check_integer("steps", steps, 1)
        if shuffle:
            _check_integer("seed", seed, -(2**63))
            if self.size < batch_size:
                raise ValueError(
                    f"Expected at least one batch of images, batch_size={batch_size}. "
                    f"Received: '{self.name}' with {self.size} images"
                )
        elif start_step + (steps or 1) > math.ceil(self.size / batch_size):
            raise ValueError(
                f"Expected steps within one pass of {math.ceil(self.size / batch_size)} batches without "
                f"`shuffle`. Received: start_step={start_step}, steps={steps}"
            )
        if labels and self.labels is None:
            raise ValueError(f"Expected a data set with labels. Received: '{self.name}', which has none")


def _check_integer(name: str, value: int, least: int) -> None:
    if not isinstance(value, (int, np.integer)) or not least <= value < 2**63:
        raise ValueError(f"Expected `{name}` to be an integer from {least} on. Received: {value!r}")


def displayable(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Selects the channels of images [..., H, W, C] that can be shown: all of 1, 3 or 4; else the first, or first 3."""
    C = images.shape[-1]
    return images if C in (1, 3, 4) else images[..., : 1 if C == 2 else 3]
