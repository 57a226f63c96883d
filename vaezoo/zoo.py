"""Models by name: networks, latents and the paper's optimizer put together."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vaezoo import keras_backend  # noqa: F401

# isort: split
import keras
import tensorflow as tf

from vaezoo.choices import validate_choice
from vaezoo.latents import LatentSpec
from vaezoo.models import MODELS, BaseVAE
from vaezoo.networks import NETWORKS
from vaezoo.networks.precision import precision_scope
from vaezoo.optimizers import Adam
from vaezoo.presets import PRESETS, Preset


def create(
    name: str,
    *,
    image_shape: Sequence[int] | None = None,
    latents: LatentSpec | Mapping[str, Any] | None = None,
    network: str | Mapping[str, Any] | None = None,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    seed: int | None = None,
    jit_compile: bool | str = "auto",
    steps_per_execution: int = 1,
    precision: str | None = None,
    **hyperparameters,
) -> BaseVAE:
    """Builds and compiles a model with the paper's optimizer; `compile(...)` replaces that, as in Keras.

    `image_shape`, `latents`, `network` and `learning_rate` default to the preset's; for a model that is asked for by
    its own name, to those of its first preset (but `image_shape`, which is then required).

    Args:
        name: a model ("nonsyn") or a preset ("nonsyn_dsprites").
        image_shape: (height, width, channels) in pixels.
        latents: the blocks of the code, a `LatentSpec` or a dict of its arguments.
        network: "conv" or "mlp", or a dict with that `kind` and options of its `encoder` and `decoder` builders (see
            `vaezoo.networks`).
        learning_rate: learning rate of the optimizer, a number or a
            `keras.optimizers.schedules.LearningRateSchedule` of the step.
        seed: seed of the initial weights and of all noise.
        jit_compile: True, False, or "auto", which is `should_jit_compile`.
        steps_per_execution: training steps per compiled call, as in Keras.
        precision: "float32" or "bfloat16", in which the networks compute; or "auto", which is bfloat16 where the
            hardware multiplies in it natively. The weights are float32, and so are samples, log-probabilities and
            losses. By default Keras's global dtype policy, which is not changed, decides.
        **hyperparameters: arguments of the model's constructor; they replace the preset's.

    Returns:
        The compiled model.

    Raises:
        ValueError: for unknown names and impossible values.
    """
    validate_choice("model or preset", name, [*MODELS, *PRESETS])
    preset = PRESETS[name] if name in PRESETS else dataclasses.replace(preset_of(name), hyperparameters={})
    if image_shape is None:
        if name not in PRESETS:
            raise ValueError(f"create({name!r}) needs an `image_shape` (height, width, channels).")
        image_shape = preset.image_shape
    check_image_shape(image_shape)
    hyperparameters = {**preset.hyperparameters, **hyperparameters}
    if name in PRESETS and "dataset_size" in MODELS[preset.model].hyperparameters():
        hyperparameters.setdefault("dataset_size", preset.dataset_size)
    check_hyperparameters(preset.model, hyperparameters)
    latents = latent_spec(preset.latents if latents is None else latents)
    with precision_scope(precision):
        encoder, decoder = build_networks(network or preset.network, image_shape, latents, seed)
        model = MODELS[preset.model](encoder, decoder, latents=latents, seed=seed, **hyperparameters)
    optimizer = dict(preset.optimizer)
    if learning_rate is not None:
        check_learning_rate(learning_rate)
        optimizer["learning_rate"] = learning_rate
    model.compile(
        Adam(**optimizer),
        jit_compile=should_jit_compile(model) if jit_compile == "auto" else jit_compile,
        steps_per_execution=steps_per_execution,
    )
    return model


def model_settings(model: BaseVAE) -> dict[str, Any]:
    """Returns the settings of a compiled model that the configuration of its run records.

    Args:
        model: a model that `create` has built.

    Returns:
        The shape of the images, the latents, all hyperparameters, and the optimizer with its learning rate.
    """
    return {
        "image_shape": model.image_shape,
        "latents": model.latents.get_config(),
        "hyperparameters": {
            name: keras.saving.serialize_keras_object(getattr(model, name))
            for name in type(model).hyperparameters()
            if name not in ("latents", "seed", "name") and not isinstance(getattr(model, name), keras.Model)
        },
        "learning_rate": float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)),
        "optimizer": model.optimizer.get_config(),
    }


def check_image_shape(image_shape: Sequence[int]) -> None:
    """Raises ValueError unless a shape is three whole numbers of at least 1."""
    sides = list(image_shape) if isinstance(image_shape, Iterable) else []
    if len(sides) != 3 or not all(isinstance(side, numbers.Integral) and side >= 1 for side in sides):
        raise ValueError(f"`image_shape` must be (height, width, channels), in pixels. Received: {image_shape!r}")


def check_learning_rate(learning_rate: float | keras.optimizers.schedules.LearningRateSchedule) -> None:
    """Raises ValueError unless a learning rate is a positive number or one of Keras's schedules."""
    if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        return
    if not (isinstance(learning_rate, numbers.Real) and 0 < learning_rate < math.inf):
        raise ValueError(
            "`learning_rate` must be positive, or a keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: {learning_rate!r}"
        )


def preset_of(model: str, dataset: str | None = None) -> Preset:
    """Returns a model's first preset for a data set; its first of all where there is none for that data set.

    A model without a preset gets the settings of the VAE's.
    """
    own = [preset for preset in PRESETS.values() if preset.model == model]
    own = own or [dataclasses.replace(PRESETS["vae_dsprites"], model=model)]
    return next((preset for preset in own if preset.dataset == dataset), own[0])


def latent_spec(latents: LatentSpec | Mapping[str, Any]) -> LatentSpec:
    """Returns a LatentSpec, made of {"gaussian": d, "categorical": [K, ...]} if it is not one yet."""
    if isinstance(latents, LatentSpec):
        return latents
    if not isinstance(latents, Mapping):
        raise ValueError(f"`latents` must be a LatentSpec or a dict of its arguments. Received: {latents!r}")
    for name in latents:
        validate_choice("part of `latents`", name, ["gaussian", "categorical"])
    return LatentSpec(**latents)


def build_networks(
    network: str | Mapping[str, Any], image_shape: Sequence[int], latents: LatentSpec, seed: int | None
) -> tuple[keras.Model, keras.Model]:
    """Builds an encoder and a decoder.

    Args:
        network: "conv" or "mlp", or a dict with that `kind` and options of its `encoder` and `decoder` builders.
        image_shape: (height, width, channels) in pixels.
        latents: the blocks of the code.
        seed: seed of the initial weights.

    Raises:
        ValueError: for unknown kinds and options.
    """
    options = dict(network) if isinstance(network, Mapping) else {"kind": network}
    for name in options:
        validate_choice("part of `network`", name, ["kind", "encoder", "decoder"])
    validate_choice("network", options.get("kind"), NETWORKS)
    encoder, decoder = NETWORKS[options["kind"]]
    for side, builder in {"encoder": encoder, "decoder": decoder}.items():
        check_options(side, builder, options.get(side, {}))
    return (
        encoder(image_shape, latents.parameters, seed=seed, **options.get("encoder", {})),
        decoder(image_shape, latents.size, seed=seed, **options.get("decoder", {})),
    )


def check_options(side: str, builder: Callable[..., keras.Model], options: Mapping[str, Any]) -> None:
    """Raises ValueError unless the options of one side of `network` are a dict of names that its builder takes."""
    if not isinstance(options, Mapping):
        raise ValueError(f"`{side}` of `network` must be a dict of options. Received: {options!r}")
    known = [name for name in builder.__kwdefaults__ if name != "seed"]
    for name in options:
        validate_choice(f"option of the network's {side}", name, known)


def should_jit_compile(model: BaseVAE) -> bool:
    """Returns whether XLA makes a training step faster, as `benchmarks/train_step.py` measures it.

    It does with a GPU, and on a CPU for fully connected networks. Under `tf.distribute` it cannot compile the step.
    """
    if tf.distribute.has_strategy():
        return False
    if tf.config.list_logical_devices("GPU"):
        return True
    layers = [*model.encoder.layers, *model.decoder.layers]
    return not any(isinstance(layer, (keras.layers.Conv2D, keras.layers.Conv2DTranspose)) for layer in layers)


def check_hyperparameters(model: str, hyperparameters: Mapping[str, Any]) -> None:
    """Raises ValueError for names that the model's constructor does not take, and for a missing `dataset_size`.

    The values are checked by the constructor.
    """
    for name, parameter in MODELS[model].hyperparameters().items():
        if name == "dataset_size" and parameter.default is parameter.empty and name not in hyperparameters:
            raise ValueError(f"{model!r} needs `dataset_size`, the number of images in the training set.")
    for name in hyperparameters:
        validate_choice(f"hyperparameter of {model!r}", name, hyperparameter_names(model))


def hyperparameter_names(model: str) -> list[str]:
    """Returns the sorted names of the arguments that `create` passes on to a model's constructor."""
    return sorted(set(MODELS[model].hyperparameters()) - {"encoder", "decoder", "latents", "seed", "name"})
