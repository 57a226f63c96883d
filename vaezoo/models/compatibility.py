"""Whether an encoder, a decoder and the latents fit each other."""

from __future__ import annotations

import keras

from vaezoo.latents import LatentSpec
from vaezoo.networks.precision import all_layers

SQUASHING = ("sigmoid", "hard_sigmoid", "hardsigmoid", "softmax")
RESHAPING = (
    keras.layers.InputLayer,
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Cropping2D,
    keras.layers.Identity,
    keras.layers.Dropout,
)


def checked_networks(
    encoder: keras.Model, decoder: keras.Model, latents: LatentSpec, likelihood: str
) -> tuple[keras.Model, keras.Model]:
    """The encoder, with one output, and the decoder.

    They may compute and end in bfloat16: outputs are cast to float32 where they are used.

    Raises:
        ValueError: where they do not fit each other or the latents, where a layer computes in float16, and where the
            decoder of a Bernoulli likelihood ends in an activation that leaves no logits.
    """
    if not isinstance(latents, LatentSpec):
        raise ValueError(f"`latents` must be a vaezoo.LatentSpec. Received: {latents!r}")
    for name, network in {"encoder": encoder, "decoder": decoder}.items():
        check_shapes_are_known(name, network)
    encoder = with_one_output(encoder, latents)
    for network, side, shape, expected in (
        ("encoder", "end in", encoder.output_shape, (None, latents.parameters)),
        ("decoder", "take", decoder.input_shape, (None, latents.size)),
        ("decoder", "give the encoder's images,", decoder.output_shape, encoder.input_shape),
    ):
        if tuple(shape) != tuple(expected):
            raise ValueError(
                f"With latents={latents}, the {network} must {side} a shape {tuple(expected)}. Received: {tuple(shape)}"
            )
    for name, network in {"encoder": encoder, "decoder": decoder}.items():
        if any(layer.compute_dtype == "float16" for layer in all_layers(network)):
            raise ValueError(
                f"The {name} must not compute in float16, in which small gradients vanish. Use the dtype policy "
                "'mixed_bfloat16'. Received: 'float16'"
            )
    if likelihood == "bernoulli" and last_activation(decoder) in SQUASHING:
        raise ValueError(
            f"With likelihood='bernoulli', the decoder must end in logits. Received one that ends in the activation "
            f"{last_activation(decoder)!r}: remove it, or no pixel falls below 0.5."
        )
    return encoder, decoder


def check_shapes_are_known(name: str, network: keras.Model) -> None:
    """Raises ValueError unless a network is a keras.Model with an input of known shape."""
    if not isinstance(network, keras.Model):
        raise ValueError(f"The {name} must be a keras.Model. Received: {type(network).__name__}")
    if not getattr(network, "inputs", None):
        raise ValueError(
            f"The {name} must have an input of known shape: begin a keras.Sequential with `keras.Input(shape)`, "
            f"and wrap a subclassed model as `keras.Model(x, network(x))` with `x = keras.Input(shape)`. "
            f"Received: {type(network).__name__} {network.name!r}"
        )


def with_one_output(encoder: keras.Model, latents: LatentSpec) -> keras.Model:
    """The encoder, its outputs mu [B, d], log_var [B, d] and the logits [B, K] of each block side by side.

    Raises ValueError for several outputs of other shapes.
    """
    if isinstance(encoder, keras.Sequential) or keras.backend.is_keras_tensor(encoder.output):
        return encoder
    expected = [(None, size) for size in (latents.gaussian, latents.gaussian, *latents.categorical)]
    if isinstance(encoder.output, dict) or list(encoder.output_shape) != expected:  # Keras sorts a dict by name
        raise ValueError(
            f"With latents={latents}, the encoder must end in one output {(None, latents.parameters)}, or in a list of "
            f"mu, log_var and the logits of each block, {expected}. "
            f"Received: a {type(encoder.output).__name__} of {encoder.output_shape}"
        )
    joined = keras.layers.Concatenate(dtype="float32")(encoder.outputs)
    return keras.Model(encoder.input, joined, name=encoder.name)


def last_activation(network: keras.Model) -> str:
    """The name of the activation, or else of the operation, that makes a network's output; "" where it is hidden."""
    sequential = isinstance(network, keras.Sequential)
    for operation in reversed(network.layers if sequential else getattr(network, "operations", [])):
        if isinstance(operation, keras.Model):
            return last_activation(operation)
        activation = getattr(operation, "activation", None)
        name = getattr(activation, "__name__", type(operation if activation is None else activation).__name__.lower())
        idle = isinstance(operation, keras.layers.Activation) and name == "linear"
        if not idle and not isinstance(operation, RESHAPING):
            return name
    return ""
