"""Normalises and checks the arguments of an evaluation."""

from __future__ import annotations

import os
from collections.abc import Iterable

from vaezoo import data as vaezoo_data
from vaezoo.data import ImageData
from vaezoo.encoding import LoadedModel

FORMATS = ("png", "pdf", "svg")


def list_names(chosen: bool | str | Iterable[str]) -> list[str]:
    """Normalises a bool, a name or an iterable to a list of names: True is ["all"], False []."""
    if isinstance(chosen, (bool, str)):
        return {True: ["all"], False: []}.get(chosen, [chosen])
    return list(chosen)


def list_formats(chosen: str | Iterable[str]) -> list[str]:
    """Normalises one or several formats of figures to a list without duplicates.

    Raises:
        ValueError: for no format, or an unknown one.
    """
    formats = list(dict.fromkeys([chosen] if isinstance(chosen, str) else chosen))
    if not formats or not set(formats) <= set(FORMATS):
        received = ", ".join(map(str, formats)) or "none"
        raise ValueError(f"`format` must be one or more of {', '.join(FORMATS)}. Received: {received}")
    return formats


def load_dataset(
    dataset: str | ImageData | None,
    trained_on: str | None = None,
    *,
    data_dir: str | os.PathLike | None = None,
    split: str | None = None,
) -> tuple[ImageData, str]:
    """Loads the data set of an evaluation.

    Args:
        dataset: a data set, which is returned as it is, or the name of one as `vaezoo.data.load` takes it.
        trained_on: the name to use if `dataset` is None.
        data_dir: as for `vaezoo.data.load`.
        split: "test" by default, or "train" if there is no test split.

    Returns:
        The data set and the name of its split.

    Raises:
        ValueError: if no name is given, and as `vaezoo.data.load`.
        OSError: as `vaezoo.data.load`.
    """
    if isinstance(dataset, ImageData):
        return dataset, split or "as given"
    name = dataset or trained_on
    if name is None:
        raise ValueError("Nothing tells which data set the model was trained on: name it with `dataset`.")
    if split is None:
        try:
            return vaezoo_data.load(name, data_dir=data_dir, split="test"), "test"
        except ValueError as error:
            if not str(error).startswith("Unknown split"):  # a split that is there, but damaged
                raise
            split = "train"
    return vaezoo_data.load(name, data_dir=data_dir, split=split), split


def check_image_shape(loaded: LoadedModel, data: ImageData) -> None:
    """Checks that a model takes images of the shape of the data.

    Raises:
        ValueError: if it does not.
    """
    if tuple(loaded.model.image_shape) != tuple(data.image_shape):
        raise ValueError(
            f"{loaded.name} takes images {tuple(loaded.model.image_shape)}. "
            f"Received: {data.name} with {tuple(data.image_shape)}"
        )
