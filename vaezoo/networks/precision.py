"""Precision of the networks: float32, or bfloat16 with float32 weights, and which of them the hardware supports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf

from vaezoo.choices import validate_choice

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
"""Precision -> the Keras dtype policy of the networks."""

PRECISIONS = (*POLICIES, "auto")
CPU_FLAGS = {"amx_bf16", "avx512_bf16"}
"""Names in /proc/cpuinfo of the instruction sets that multiply in bfloat16."""

COMPUTE_CAPABILITY = (8, 0)
"""Least compute capability of an NVIDIA GPU that multiplies in bfloat16: Ampere."""


def native_bfloat16() -> bool:
    """Returns whether the hardware that TensorFlow uses multiplies in bfloat16; elsewhere bfloat16 is emulated.

    With visible GPUs, the compute capability of all of them decides, otherwise the flags in /proc/cpuinfo.
    """
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        return all(compute_capability(gpu) >= COMPUTE_CAPABILITY for gpu in gpus)
    return bool(CPU_FLAGS & cpu_flags())


def compute_capability(gpu: tf.config.PhysicalDevice) -> tuple[int, int]:
    """Returns the compute capability of a GPU; (0, 0) if TensorFlow does not know it."""
    return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))


def cpu_flags(file: str = "/proc/cpuinfo") -> set[str]:
    """Returns the flags of the first processor in /proc/cpuinfo; an empty set if the file has none or is missing."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())


def resolve_precision(precision: str) -> str:
    """Resolves "auto" to "bfloat16" where it is native, and to "float32" elsewhere.

    Args:
        precision: one of `PRECISIONS`.

    Returns:
        "float32" or "bfloat16".

    Raises:
        ValueError: for another precision.
    """
    validate_choice("precision", precision, PRECISIONS)
    if precision == "auto":
        return "bfloat16" if native_bfloat16() else "float32"
    return precision


@contextlib.contextmanager
def precision_scope(precision: str | None) -> Iterator[None]:
    """Builds the layers of the block in a precision, whatever Keras's global dtype policy is.

    The global policy is restored at the end, also after an error.

    Args:
        precision: one of `PRECISIONS`, or None for the global policy.

    Raises:
        ValueError: for another precision.
    """
    if precision is None:
        yield
        return
    policy = POLICIES[resolve_precision(precision)]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compute_precision(*networks: keras.Model) -> str:
    """Returns the narrowest floating dtype in which a layer of the networks computes, such as "bfloat16"."""
    layers = [layer for network in networks for layer in all_layers(network)]
    idle = (keras.Model, keras.layers.InputLayer)  # whose dtype is not one that anything is computed in
    dtypes = {layer.compute_dtype for layer in layers if not isinstance(layer, idle)}
    floats = [dtype for dtype in sorted(dtypes) if keras.backend.is_float_dtype(dtype)]
    return min(floats, key=lambda dtype: tf.as_dtype(dtype).size, default="float32")


def all_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Returns a network and its layers at any depth."""
    return list(network._flatten_layers())  # Keras has no public way to the layers within layers
