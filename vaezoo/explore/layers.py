"""The layers of a network as records that the page computes, and their weights in the order of its loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from vaezoo.networks.pixel_head import PixelHead

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")
MAX_WEIGHTS = 8_000_000  # of one network: a page of about 26 MB

Record = dict[str, Any]


class UnsupportedLayerError(ValueError):
    """A network has a layer that the page cannot compute."""


def network_records(network: keras.Model) -> tuple[list[Record], np.ndarray]:
    """Converts a network, a chain of layers, to records.

    Images and codes are flat arrays in the page, in the order [H, W, C], so that layers that only change a shape have
    no record.

    Args:
        network: an encoder or a decoder.

    Returns:
        The records, and all their weights one after the other, float32 [n]. `kernel`, `bias`, `scale` and `offset`
        of a record are the places of the first weight, or None.

    Raises:
        UnsupportedLayerError: for a layer or an option that the page does not compute, for layers that are not a
            chain, and for more than `MAX_WEIGHTS` weights.
    """
    if network.count_params() > MAX_WEIGHTS:
        raise unsupported(network.name, f"{network.count_params():,} weights, more than {MAX_WEIGHTS:,}")
    records, weights = [], Weights()
    for layer in chain(network):
        if type(layer) not in RECORDS:
            raise unsupported(network.name, f"the layer {layer.name!r}, {type(layer).__name__}")
        try:
            records += RECORDS[type(layer)](layer, weights)
        except UnsupportedLayerError as error:
            raise unsupported(network.name, f"the layer {layer.name!r}, {type(layer).__name__} with {error}") from None
    return records, weights.joined()


class Weights:
    """Arrays that are stored one after the other."""

    def __init__(self):
        self.arrays = []
        self.size = 0

    def add(self, array: Any) -> int | None:
        """Appends an array, and returns the place of its first number; None for None."""
        if array is None:
            return None
        self.arrays.append(np.asarray(array, np.float32).ravel())
        place, self.size = self.size, self.size + self.arrays[-1].size
        return place

    def joined(self) -> np.ndarray:
        """Returns all arrays as one, float32 [size]."""
        return np.concatenate([np.zeros(0, np.float32), *self.arrays])


def unsupported(network: str, received: str) -> UnsupportedLayerError:
    """Returns the error for a network that the page cannot compute."""
    known = ", ".join(layer.__name__ for layer in RECORDS)
    return UnsupportedLayerError(
        f"The page computes chains of the layers {known}. The {network} has {received}. "
        "Use --serve, which decodes in TensorFlow."
    )


def chain(network: keras.Model) -> list[layers.Layer]:
    """Returns the layers of a network, each of which takes the output of the one before.

    Raises:
        UnsupportedLayerError: if they are no chain.
    """
    if not network.inputs or len(network.inputs) != 1 or len(network.outputs) != 1:
        raise unsupported(network.name, "several inputs or outputs")
    last, found = network.inputs[0], []
    for layer in network.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        try:
            if layer.input is not last:
                raise ValueError("branches")
            last = layer.output
        except (AttributeError, ValueError):  # of a layer that is called several times
            raise unsupported(network.name, f"layers that are no chain, at {layer.name!r}") from None
        found.append(layer)
    if last is not network.outputs[0]:
        raise unsupported(network.name, "an output that is not that of its last layer")
    return found


def activation(function: Callable) -> str:
    """Returns the name of an activation.

    Raises:
        UnsupportedLayerError: if it is not one of `ACTIVATIONS`.
    """
    known = {getattr(keras.activations, name): name for name in ACTIVATIONS}
    if function not in known:
        raise UnsupportedLayerError(f"the activation {getattr(function, '__name__', function)}")
    return known[function]


def dense(layer: layers.Dense, weights: Weights) -> list[Record]:
    """y_o = sum_i x_i w_oi, with the kernel as [outputs, inputs]."""
    if len(layer.input.shape) != 2:
        raise UnsupportedLayerError(f"an input of shape {layer.input.shape}")
    inputs, outputs = layer.kernel.shape
    kernel = weights.add(np.transpose(layer.kernel))
    record = {"kind": "dense", "inputs": inputs, "outputs": outputs, "kernel": kernel, "bias": bias(layer, weights)}
    return [record | {"activation": activation(layer.activation)}]


def bias(layer: layers.Layer, weights: Weights) -> int | None:
    """Returns the place of a layer's biases, None if it has none."""
    return weights.add(layer.bias if layer.use_bias else None)


def convolution(layer: layers.Conv2D, weights: Weights) -> list[Record]:
    """A convolution, with the kernel as [rows, outputs, columns, inputs]: the products of a row are contiguous."""
    return [geometry(layer, "conv2d") | parameters(layer, weights, np.transpose(layer.kernel, (0, 3, 1, 2)))]


def transposed_convolution(layer: layers.Conv2DTranspose, weights: Weights) -> list[Record]:
    """A transposed convolution, with the kernel as [rows, columns, outputs, inputs], as Keras has it."""
    if getattr(layer, "output_padding", None) is not None:
        raise UnsupportedLayerError("`output_padding`")
    return [geometry(layer, "conv2d_transpose") | parameters(layer, weights, np.asarray(layer.kernel))]


def parameters(layer: layers.Conv2D, weights: Weights, kernel: np.ndarray) -> Record:
    """Returns the places of a convolution's kernel and biases, and its activation."""
    places = {"kernel": weights.add(kernel), "bias": bias(layer, weights)}
    return places | {"activation": activation(layer.activation)}


def geometry(layer: layers.Conv2D, kind: str) -> Record:
    """Returns the shapes of a convolution, and the rows and columns of zeros before its image.

    "same" padding is that of TensorFlow: (n - 1) s + k - m zeros in all where n > 1 steps of s over m pixels have a
    kernel of k, the smaller half of them before the image. A transposed convolution has its larger side as the m.
    """
    if layer.data_format != "channels_last" or set(layer.dilation_rate) != {1} or getattr(layer, "groups", 1) != 1:
        raise UnsupportedLayerError("`data_format`, `dilation_rate` or `groups` other than the defaults")
    if layer.padding not in ("same", "valid"):
        raise UnsupportedLayerError(f"padding={layer.padding!r}")
    inputs, outputs = layer.input.shape[1:], layer.output.shape[1:]
    small, large = (outputs, inputs) if kind == "conv2d" else (inputs, outputs)
    sides = zip(small[:2], large[:2], layer.kernel_size, layer.strides, strict=True)
    zeros = [max((n - 1) * s + k - m, 0) // 2 if layer.padding == "same" else 0 for n, m, k, s in sides]
    shapes = {"input": list(inputs), "output": list(outputs), "size": list(layer.kernel_size)}
    return {"kind": kind, **shapes, "strides": list(layer.strides), "before": zeros}


def batch_norm(layer: layers.BatchNormalization, weights: Weights) -> list[Record]:
    """The normalisation by moving averages as y = scale x + offset, for each channel."""
    if layer.axis not in (-1, len(layer.input.shape) - 1):
        raise UnsupportedLayerError(f"axis={layer.axis}")
    mean, variance = (np.asarray(moving, np.float64) for moving in (layer.moving_mean, layer.moving_variance))
    scale = (np.asarray(layer.gamma, np.float64) if layer.scale else 1.0) / np.sqrt(variance + layer.epsilon)
    offset = (np.asarray(layer.beta, np.float64) if layer.center else 0.0) - mean * scale
    return [{"kind": "scale", "channels": len(mean), "scale": weights.add(scale), "offset": weights.add(offset)}]


def rectifier(layer: layers.ReLU, weights: Weights) -> list[Record]:
    """max(0, x)."""
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise UnsupportedLayerError("`max_value`, `negative_slope` or `threshold`")
    return [{"kind": "activation", "activation": "relu"}]


def cropping(layer: layers.Cropping2D, weights: Weights) -> list[Record]:
    """The image without some rows and columns."""
    if layer.data_format != "channels_last":
        raise UnsupportedLayerError("`data_format` other than the default")
    (top, _), (left, _) = layer.cropping
    shapes = {"input": list(layer.input.shape[1:]), "output": list(layer.output.shape[1:])}
    return [{"kind": "crop", **shapes, "before": [top, left]}]


def no_records(layer: layers.Layer, weights: Weights) -> list[Record]:
    """Nothing: outside training, the numbers stay as they are."""
    return []


RECORDS: dict[type[layers.Layer], Callable[[Any, Weights], list[Record]]] = {
    layers.Dense: dense,
    layers.Conv2D: convolution,
    layers.Conv2DTranspose: transposed_convolution,
    PixelHead: transposed_convolution,
    layers.BatchNormalization: batch_norm,
    layers.ReLU: rectifier,
    layers.Activation: lambda layer, _: [{"kind": "activation", "activation": activation(layer.activation)}],
    layers.Cropping2D: cropping,
    layers.Flatten: no_records,
    layers.Reshape: no_records,
    layers.Dropout: no_records,
}
"""Class of a layer -> the function that makes its records; subclasses may compute something else."""
