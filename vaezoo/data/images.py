"""Images held in memory, and the batches made of them."""

import dataclasses
import hashlib
import math
from functools import cached_property

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaezoo.data import pipeline
from vaezoo.data.factors import FactorGrid

PIXELS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)  # [256, 8]


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """N images in memory, as `vaezoo.data.load` and `from_arrays` return them.

    Attributes:
        name: the name of the set.
        image_shape: (H, W, C).
        origin: where the images come from, for a person to read: drawn, a file, TFDS.
        stored: [N, H, W, C] uint8 or float32, or [N, H, W/8] uint8, eight binary pixels to a byte.
        white: the stored number that stands for 1; 1 or 255.
        labels: [N] int64, or None.
        factors: the `FactorGrid` whose point n is the ground truth of image n, or None.
    """

    name: str
    image_shape: tuple[int, int, int]
    origin: str
    stored: tf.Tensor = dataclasses.field(repr=False)
    white: int = 1
    labels: npt.NDArray[np.int64] | None = dataclasses.field(default=None, repr=False)
    factors: FactorGrid | None = None

    @property
    def size(self) -> int:
        """The number of images, N."""
        return self.stored.shape[0]

    @cached_property
    def digest(self) -> str:
        """The BLAKE2b hash of the images as they are stored: 32 hexadecimal digits. Labels and names do not count."""
        pixels = np.asarray(self.stored)
        digest = hashlib.blake2b(
            repr((self.image_shape, pixels.shape, pixels.dtype.str, self.white)).encode(), digest_size=16
        )
        digest.update(np.ascontiguousarray(pixels))
        return digest.hexdigest()

    def images(self, indices: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The images at `indices` [n]: float32 [n, H, W, C] in [0, 1].

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
            return self._floats(tf.constant(indices, tf.int64)).numpy()

    def batches(
        self,
        batch_size: int,
        *,
        seed: int | None = None,
        start_step: int = 0,
        steps: int | None = None,
        shuffle: bool = True,
        labels: bool = False,
    ) -> tf.data.Dataset:
        """Batches of images: float32 [batch_size, H, W, C] in [0, 1], a dataset of known cardinality.

        Shuffled, batch n is a pure function of (seed, n): a slice of an endless stream of epochs, each of
        which holds every image once; a batch may straddle two epochs. So a run resumes at step n with
        `start_step=n`, at no cost. Unshuffled, it is one pass in order, whose last batch may be smaller.

        Args:
            batch_size: images to a batch.
            seed: chooses the order, any integer of 64 bits; not needed without `shuffle`.
            start_step: the number n of the first batch.
            steps: how many batches. By default shuffled batches go on for one pass, `size // batch_size`;
                unshuffled ones end with the set.
            shuffle: draw in shuffled order.
            labels: give pairs (images, labels [batch_size] int64).

        Returns:
            A `tf.data.Dataset`, prefetching, deterministic.

        Raises:
            ValueError: if there are fewer images than a (shuffled) batch has, or an argument is impossible.
        """
        self._check_batches(batch_size, seed, start_step, steps, shuffle, labels)
        if shuffle:
            steps = self.size // batch_size if steps is None else steps
            order = pipeline.shuffled_batches(self.size, batch_size, seed=seed, start_step=start_step, steps=steps)
        else:
            steps = math.ceil(self.size / batch_size) - start_step if steps is None else steps
            order = pipeline.ordered_batches(self.size, batch_size, start_step=start_step, steps=steps)
        with tf.device("CPU:0"):
            classes = tf.constant(self.labels) if labels else None

        def batch(indices):
            images = self._floats(indices)
            return (images, tf.gather(classes, indices)) if labels else images

        batches = order.map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        options = tf.data.Options()
        # tf.data's graph rewrites copy captured tensors, 360 MiB of them for dSprites.
        options.experimental_optimization.apply_default_optimizations = False
        return batches.prefetch(tf.data.AUTOTUNE).with_options(options)

    def _floats(self, indices: tf.Tensor) -> tf.Tensor:
        rows = tf.gather(self.stored, indices)
        if rows.shape.rank == 3:
            rows = tf.gather(PIXELS_OF_BYTE, tf.cast(rows, tf.int32))  # [B, H, W/8, 8]
        return tf.reshape(tf.cast(rows, tf.float32) / self.white, [indices.shape[0] or -1, *self.image_shape])

    def _check_batches(self, batch_size, seed, start_step, steps, shuffle, labels):
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
    """The channels of images [..., H, W, C] that a picture shows: all of 1, 3 or 4; else the first, or first three."""
    C = images.shape[-1]
    return images if C in (1, 3, 4) else images[..., : 1 if C == 2 else 3]
