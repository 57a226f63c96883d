"""Encodes a data set once; all metrics and figures use the result."""

from __future__ import annotations

import dataclasses
import math
import os
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vaezoo.data import ImageData, from_arrays
from vaezoo.durable import replaced_file
from vaezoo.encoding.exported import Exported
from vaezoo.models import BaseVAE
from vaezoo.progress import track_progress


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedDataset:
    """Posteriors of N images of a data set, with their factors and labels.

    Attributes:
        mean: float32 [N, d], of q(z | x).
        log_var: float32 [N, d], of q(z | x).
        probs: q(y | x) of each categorical block, float32 [N, K].
        indices: int64 [N], the indices of the images in the data set.
        dataset_size: number of images in the data set.
        factors: int64 [N, F], the classes of the ground-truth factors, or None.
        factor_names: the F names.
        factor_sizes: the F numbers of values.
        labels: int64 [N], or None.
        name: of the data set.
        origin: where the data set was read from.
    """

    mean: np.ndarray
    log_var: np.ndarray
    probs: tuple[np.ndarray, ...] = ()
    indices: np.ndarray | None = None
    dataset_size: int = 0
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    labels: np.ndarray | None = None
    name: str = ""
    origin: str = ""

    @property
    def size(self) -> int:
        """Number of images, N."""
        return len(self.mean)

    @property
    def classes(self) -> np.ndarray:
        """The most probable class in each categorical block, int64 [N, blocks]."""
        columns = [probs.argmax(axis=1) for probs in self.probs]
        return np.stack(columns, axis=1) if columns else np.empty((self.size, 0), np.int64)

    @property
    def codes(self) -> np.ndarray:
        """Codes [N, D]: the means, then a column with the class number of each categorical block."""
        return np.concatenate([self.mean, self.classes.astype(self.mean.dtype)], axis=1)

    @property
    def discrete(self) -> tuple[int, ...]:
        """The columns of `codes` that are class numbers, which `mig` and `mutual_information` count exactly."""
        return tuple(range(self.mean.shape[1], self.mean.shape[1] + len(self.probs)))

    @property
    def whole_grid(self) -> bool:
        """Whether the rows are the whole grid of factors, in its order."""
        if self.factors is None or self.size != math.prod(self.factor_sizes):
            return False
        numbers = np.ravel_multi_index(tuple(self.factors.T), self.factor_sizes, mode="clip")
        return np.array_equal(numbers, np.arange(self.size))

    def save(self, file: str | os.PathLike) -> None:
        """Writes an .npz of plain arrays durably."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        arrays = {name: np.asarray(value) for name, value in given.items() if value is not None and name != "probs"}
        arrays |= {f"probs_{i}": probs for i, probs in enumerate(self.probs)}
        with replaced_file(Path(file)) as staging, staging.open("wb") as stream:
            np.savez(stream, **arrays)

    @classmethod
    def load(cls, file: str | os.PathLike) -> EncodedDataset:
        """Reads a file that `save` wrote.

        Raises:
            ValueError: for a file of something else.
            OSError: if the file cannot be opened.
        """
        try:
            with np.load(file, allow_pickle=False) as saved:
                arrays = dict(saved)
            blocks = sum(name.startswith("probs_") for name in arrays)
            probs = tuple(arrays.pop(f"probs_{i}") for i in range(blocks))
            plain = {name: arrays.pop(name).item() for name in ("dataset_size", "name", "origin")}
            tuples = {name: tuple(arrays.pop(name).tolist()) for name in ("factor_names", "factor_sizes")}
            return cls(probs=probs, **plain, **tuples, **arrays)
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{file} must be an .npz written by `EncodedDataset.save`. ({error})") from error


def encode_dataset(
    model: BaseVAE | Exported,
    data: ImageData | ArrayLike,
    *,
    images: int | None = None,
    seed: int = 0,
    batch_size: int = 512,
    progress: bool = False,
) -> EncodedDataset:
    """Encodes the images of a data set.

    Args:
        model: of the zoo, or exported: `Exported.load(folder)` or the result of `tf.saved_model.load`.
        data: an `ImageData`, or images [N, H, W, C] as `vaezoo.data.from_arrays` takes them.
        images: how many, drawn at random without replacement and kept in the data set's order; None for all.
        seed: seeds the draw.
        batch_size: images encoded at once.
        progress: show a bar over the batches.

    Returns:
        The posteriors, with the factors and labels of the images.

    Raises:
        ValueError: if images have another shape than the model's, more are requested than there are, or the encoder
            returns NaN or infinity.
    """
    model = Exported(model) if hasattr(model, "signatures") else model
    data = data if isinstance(data, ImageData) else from_arrays(data)
    indices = sample_indices(data, images, seed)
    if tuple(data.image_shape) != tuple(model.image_shape):
        raise ValueError(f"The model takes images {model.image_shape}. Received: '{data.name}' with {data.image_shape}")
    batch_size = min(batch_size, getattr(model, "max_batch", batch_size))

    pixels = tf.TensorSpec([None, *model.image_shape], tf.float32)

    @tf.function(input_signature=[pixels], autograph=False)
    def encode(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
        q = model.encode(x)
        return q.mu, q.log_var, *q.probs

    N, arrays = len(indices), None
    for start in track_progress(range(0, N, batch_size), -(-N // batch_size), "encode", progress):
        rows = slice(start, min(start + batch_size, N))
        batch = encode(data.images(indices[rows]))
        if arrays is None:
            arrays = [np.empty((N, part.shape[1]), np.float32) for part in batch]
        for array, part in zip(arrays, batch, strict=True):
            array[rows] = part
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"The model must encode images to numbers. Received NaN or infinity on '{data.name}'.")
    mean, log_var, *probs = arrays
    grid = data.factors
    return EncodedDataset(
        mean,
        log_var,
        tuple(probs),
        indices=indices,
        dataset_size=data.size,
        factors=None if grid is None else grid.classes(indices),
        factor_names=() if grid is None else grid.names,
        factor_sizes=() if grid is None else grid.sizes,
        labels=None if data.labels is None else data.labels[indices],
        name=Path(data.name).name,
        origin=data.origin,
    )


def sample_indices(data: ImageData, images: int | None, seed: int) -> np.ndarray:
    """Draws the indices of images without replacement.

    Args:
        data: the data set.
        images: how many; None for all.
        seed: seeds the draw.

    Returns:
        int64 indices, ascending.

    Raises:
        ValueError: for fewer than 2 images, or more than there are.
    """
    if images is None or images == data.size:
        return np.arange(data.size)
    if not 2 <= images <= data.size:
        raise ValueError(f"`images` must be from 2 to the {data.size} of '{data.name}'. Received: {images}")
    return np.sort(np.random.default_rng(seed).choice(data.size, images, replace=False))
