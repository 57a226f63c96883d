"""Checks and normalisation of the arguments of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from vaezoo.data import ImageData
from vaezoo.evaluate.subject import load_data

FORMATS = ("png", "pdf", "svg")


def names_of(chosen: bool | str | Iterable[str]) -> list[str]:
    """Normalises a bool, a name or an iterable to a list of names: True is ["all"], False []."""
    if isinstance(chosen, (bool, str)):
        return {True: ["all"], False: []}.get(chosen, [chosen])
    return list(chosen)


def formats_of(chosen: str | Iterable[str]) -> list[str]:
    """Normalises one or several formats of figures. Raises ValueError for none, and for one that is not known."""
    formats = list(dict.fromkeys([chosen] if isinstance(chosen, str) else chosen))
    if not formats or not set(formats) <= set(FORMATS):
        received = ", ".join(map(str, formats)) or "none"
        raise ValueError(f"`format` must be one or more of {', '.join(FORMATS)}. Received: {received}")
    return formats


def dataset_of(dataset, trained_on: str | None, data_dir, split: str | None) -> tuple[ImageData, str]:
    """A data set and its split, given or that of the training."""
    if isinstance(dataset, ImageData):
        return dataset, split or "as given"
    return load_data(dataset or trained_on, data_dir=data_dir, split=split)


def check_fit(subject, data: ImageData) -> None:
    """Raises ValueError where a model takes images of another shape than those of the data."""
    if tuple(subject.model.image_shape) != tuple(data.image_shape):
        raise ValueError(
            f"{subject.name} takes images {tuple(subject.model.image_shape)}. "
            f"Received: {data.name} with {tuple(data.image_shape)}"
        )
