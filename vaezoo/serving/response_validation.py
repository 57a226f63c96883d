"""Validates the response of a model server against the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

# Axes of the outputs; outputs that are not listed are [N].
AXES = {"image": ("N", "H", "W", "C"), "mean": ("N", "d"), "log_var": ("N", "d"), "probs": ("N", "K")}
CODES, IMAGES, TERMS = {"mean", "log_var"}, {"image"}, {"reconstruction", "kl_z", "elbo"}
REQUIRED = {
    **dict.fromkeys(("serving_default", "encode", "encode_bytes"), CODES),
    **dict.fromkeys(("decode", "reconstruct", "traverse"), IMAGES),
    "score": TERMS,
}
OPTIONAL = {**dict.fromkeys(("serving_default", "encode", "encode_bytes"), {"probs", "label"}), "score": {"kl_y"}}
ROUNDING = 1e-4  # tolerance of probabilities above 1


def validate_response(
    outputs: Mapping[str, Any], inputs: Mapping[str, np.ndarray], signature: str
) -> dict[str, np.ndarray]:
    """Validates the outputs of one request and converts them to arrays.

    Args:
        outputs: arrays, or nested lists from JSON, by name.
        inputs: the inputs that were sent, by name, with N rows each.
        signature: the signature that was requested. For one that vaezoo does not export, only the number of rows and
            finiteness are checked, and arrays keep their dtypes.

    Returns:
        The outputs by name, float32, and int32 for labels.

    Raises:
        ValueError: if an output is missing or unknown, has an unexpected shape or number of rows, or holds values that
            are not finite numbers, or labels that are not classes.
    """
    known = signature in REQUIRED
    check_names(outputs, signature)
    arrays = {
        name: to_array(name, value) if known or not isinstance(value, np.ndarray) else check_finite(name, value)
        for name, value in outputs.items()
    }
    rows = len(next(iter(inputs.values())))
    for name, array in sorted(arrays.items()):  # the order of the outputs in a protocol buffer is arbitrary
        axes = AXES.get(field_of(name), ("N",)) if known else ("N", "...")
        axes = ("N", "M", *axes[1:]) if signature == "traverse" else axes
        if array.shape[:1] != (rows,) or known and array.ndim != len(axes) or not array.size:
            raise ValueError(f"`{name}` must be [{', '.join(axes)}] with N = {rows}. Received: {list(array.shape)}")
    for name, shape in implied_shapes(arrays, inputs, signature) if known else ():
        if arrays[name].shape != shape:
            raise ValueError(f"`{name}` must be {list(shape)}. Received: {list(arrays[name].shape)}")
    if "mean" in arrays and known:
        check_classes(arrays)
    return arrays


def field_of(name: str) -> str:
    """Returns the name of an output without the number of its block: "label" for "label_1"."""
    return name.rstrip("_0123456789")


def check_names(outputs: Mapping[str, Any], signature: str) -> None:
    """Checks that all required outputs are there, and no unknown ones.

    Args:
        outputs: outputs by name.
        signature: the signature that was requested.

    Raises:
        ValueError: if an output is missing or unknown.
    """
    required, found = REQUIRED.get(signature, set()), set(outputs)
    surplus = {name for name in found - required if field_of(name) not in OPTIONAL.get(signature, set())}
    if not found or required - found or signature in REQUIRED and surplus:
        expected = ", ".join(sorted(required)) or "at least one"
        raise ValueError(f"the outputs must be {expected}. Received: {', '.join(sorted(found)) or 'none'}")


def to_array(name: str, value: Any) -> np.ndarray:
    """Converts an output to float32, or to int32 for labels.

    Args:
        name: name of the output.
        value: an array or nested lists.

    Returns:
        The array.

    Raises:
        ValueError: if the value is not an array of finite numbers, or of 32-bit integers for labels.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array. Received: rows of different lengths, or too many axes") from error
    kind, dtype, kinds = ("integers", np.int32, "iu") if field_of(name) == "label" else ("numbers", np.float32, "iuf")
    if array.size and array.dtype.kind not in kinds:
        raise ValueError(f"`{name}` must hold {kind} alone. Received: {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = array.astype(dtype)
    if dtype is np.int32 and not np.array_equal(converted, array):
        raise ValueError(f"`{name}` must hold integers of 32 bits. Received: {array.min()} ... {array.max()}")
    return check_finite(name, converted)


def check_finite(name: str, array: np.ndarray) -> np.ndarray:
    """Returns an array unchanged. Raises ValueError if it holds floats that are NaN or infinite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")
    return array


def implied_shapes(
    arrays: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray], signature: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Derives the shapes of outputs from the inputs or from other outputs.

    Args:
        arrays: outputs by name.
        inputs: inputs by name.
        signature: the signature that was requested.

    Yields:
        Pairs of the name of an output and its expected shape.
    """
    if "mean" in arrays:
        yield "log_var", arrays["mean"].shape
    if signature == "reconstruct" and "image" in inputs:
        yield "image", inputs["image"].shape
    if signature == "traverse" and {"image", "values"} <= inputs.keys():
        yield "image", (*inputs["values"].shape, *inputs["image"].shape[1:])


def check_classes(arrays: Mapping[str, np.ndarray]) -> None:
    """Checks the probabilities and the label of every categorical block of a code.

    Args:
        arrays: outputs by name.

    Raises:
        ValueError: if one of the two is missing, a probability is outside [0, 1], or a label is not a class.
    """
    blocks = {name.removeprefix(field) for name in arrays for field in ("probs", "label") if field_of(name) == field}
    for block in sorted(blocks):
        label, probs = arrays.get(f"label{block}"), arrays.get(f"probs{block}")
        if label is None or probs is None:
            raise ValueError(f"`label{block}` and `probs{block}` must come together. Received: one of them")
        if probs.min() < 0 or probs.max() > 1 + ROUNDING:
            raise ValueError(f"`probs{block}` must lie in [0, 1]. Received: {probs.min()} ... {probs.max()}")
        K = probs.shape[1]
        if label.min() < 0 or label.max() >= K:
            raise ValueError(f"`label{block}` must be in 0 ... {K - 1}. Received: {label.min()} ... {label.max()}")
