"""Checks what a model server answered against what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

AXES = {"image": ("N", "H", "W", "C"), "mean": ("N", "d"), "log_var": ("N", "d"), "probs": ("N", "K")}  # else: N
CODES, IMAGES, TERMS = {"mean", "log_var"}, {"image"}, {"reconstruction", "kl_z", "elbo"}
REQUIRED = {
    **dict.fromkeys(("serving_default", "encode", "encode_bytes"), CODES),
    **dict.fromkeys(("decode", "reconstruct", "traverse"), IMAGES),
    "score": TERMS,
}
OPTIONAL = {**dict.fromkeys(("serving_default", "encode", "encode_bytes"), {"probs", "label"}), "score": {"kl_y"}}
ROUNDING = 1e-4  # of probabilities


def checked(outputs: Mapping[str, Any], inputs: Mapping[str, np.ndarray], signature: str) -> dict[str, np.ndarray]:
    """Converts the outputs of one request to float32, labels to int32, if they can be an answer to it.

    Args:
        outputs: arrays, or nested lists as JSON has them, by name.
        inputs: what was sent, N rows each.
        signature: what was asked for. For one that vaezoo does not export, the number of rows and finiteness are
            checked, and arrays keep their dtypes.

    Raises:
        ValueError: if an output is missing or unknown, has another shape or number of rows, or holds anything but
            finite numbers, or labels anything but classes.
    """
    known = signature in REQUIRED
    check_names(outputs, signature)
    arrays = {
        name: numbers(name, value) if known or not isinstance(value, np.ndarray) else finite(name, value)
        for name, value in outputs.items()
    }
    rows = len(next(iter(inputs.values())))
    for name, array in sorted(arrays.items()):  # a message of protocol buffers has no order
        axes = AXES.get(base(name), ("N",)) if known else ("N", "...")
        axes = ("N", "M", *axes[1:]) if signature == "traverse" else axes
        if array.shape[:1] != (rows,) or known and array.ndim != len(axes) or not array.size:
            raise ValueError(f"`{name}` must be [{', '.join(axes)}] with N = {rows}. Received: {list(array.shape)}")
    for name, shape in implied(arrays, inputs, signature) if known else ():
        if arrays[name].shape != shape:
            raise ValueError(f"`{name}` must be {list(shape)}. Received: {list(arrays[name].shape)}")
    if "mean" in arrays and known:
        check_classes(arrays)
    return arrays


def base(name: str) -> str:
    """The field that a name is of: label of label_1."""
    return name.rstrip("_0123456789")


def check_names(outputs: Mapping[str, Any], signature: str) -> None:
    """Refuses answers in which an output is missing or unknown."""
    required, found = REQUIRED.get(signature, set()), set(outputs)
    surplus = {name for name in found - required if base(name) not in OPTIONAL.get(signature, set())}
    if not found or required - found or signature in REQUIRED and surplus:
        expected = ", ".join(sorted(required)) or "at least one"
        raise ValueError(f"the outputs must be {expected}. Received: {', '.join(sorted(found)) or 'none'}")


def numbers(name: str, value: Any) -> np.ndarray:
    """Converts to float32, or to int32 for labels. Raises ValueError for anything but finite numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array. Received: rows of different lengths, or too many axes") from error
    kind, dtype, kinds = ("integers", np.int32, "iu") if base(name) == "label" else ("numbers", np.float32, "iuf")
    if array.size and array.dtype.kind not in kinds:
        raise ValueError(f"`{name}` must hold {kind} alone. Received: {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = array.astype(dtype)
    if dtype is np.int32 and not np.array_equal(converted, array):
        raise ValueError(f"`{name}` must hold integers of 32 bits. Received: {array.min()} ... {array.max()}")
    return finite(name, converted)


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """Returns `array`. Raises ValueError for floats of which one is NaN or infinite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")
    return array


def implied(
    arrays: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray], signature: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The outputs whose shapes follow from the inputs or from another output."""
    if "mean" in arrays:
        yield "log_var", arrays["mean"].shape
    if signature == "reconstruct" and "image" in inputs:
        yield "image", inputs["image"].shape
    if signature == "traverse" and {"image", "values"} <= inputs.keys():
        yield "image", (*inputs["values"].shape, *inputs["image"].shape[1:])


def check_classes(arrays: Mapping[str, np.ndarray]) -> None:
    """Refuses codes in which a categorical block lacks its probabilities or its label, or has impossible ones."""
    blocks = {name.removeprefix(field) for name in arrays for field in ("probs", "label") if base(name) == field}
    for block in sorted(blocks):
        label, probs = arrays.get(f"label{block}"), arrays.get(f"probs{block}")
        if label is None or probs is None:
            raise ValueError(f"`label{block}` and `probs{block}` must come together. Received: one of them")
        if probs.min() < 0 or probs.max() > 1 + ROUNDING:
            raise ValueError(f"`probs{block}` must lie in [0, 1]. Received: {probs.min()} ... {probs.max()}")
        K = probs.shape[1]
        if label.min() < 0 or label.max() >= K:
            raise ValueError(f"`label{block}` must be in 0 ... {K - 1}. Received: {label.min()} ... {label.max()}")
