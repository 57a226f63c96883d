"""The models by name, and ready-made ones: networks, latents and the paper's optimizer put together."""

from __future__ import annotations

import difflib
import inspect
import math
import numbers
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vaezoo import keras_backend  # noqa: F401

# isort: split
import keras
import tensorflow as tf

from vaezoo import models, networks
from vaezoo.latents import LatentSpec
from vaezoo.models import BaseVAE
from vaezoo.optimizers import Adam
from vaezoo.presets import PRESETS

MODELS: dict[str, type[BaseVAE]] = {
    "vae": models.VAE,
    "beta_vae": models.BetaVAE,
    "annealed_vae": models.AnnealedVAE,
    "joint_vae": models.JointVAE,
    "factor_vae": models.FactorVAE,
    "beta_tcvae": models.BetaTCVAE,
    "info_vae": models.InfoVAE,
    "wae_mmd": models.WAEMMD,
    "dip_vae": models.DIPVAE,
    "nonsyn": models.NonSynVAE,
    "imae": models.IMAE,
}

SYNONYMS = {
    "lr": "learning_rate",
    "latent_dim": "latents",
    "latent_size": "latents",
    "z_dim": "latents",
    "input_shape": "image_shape",
}
"""What `create` calls arguments that other libraries name otherwise."""

NETWORKS = {
    "conv": (networks.conv_encoder, networks.conv_decoder),
    "mlp": (networks.mlp_encoder, networks.mlp_decoder),
}


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
    **hyperparameters,
) -> BaseVAE:
    """A compiled model with the paper's optimizer; `compile(...)` replaces that, as in Keras.

    name: a model ("nonsyn": image_shape is needed) or a preset ("nonsyn_dsprites").
    image_shape: (H, W, C) in pixels. latents: a `LatentSpec`. network: "conv", "mlp", or a dict with that `kind`
        and options of its `encoder` and `decoder` (see `vaezoo.networks`). learning_rate: of the optimizer; a number,
        or a `keras.optimizers.schedules.LearningRateSchedule` of the step.
        Each defaults to the preset's, or to that of the model's first preset.
    seed: of the initial weights and of all noise.
    jit_compile: True, False, or "auto": see `worth_compiling`.
    hyperparameters: of the model's constructor, over the preset's.
    Raises ValueError for unknown names and arguments.
    """
    check_choice("model or preset", name, [*MODELS, *PRESETS])
    preset = PRESETS[name] if name in PRESETS else {**preset_of(name), "hyperparameters": {}}
    if image_shape is None:
        if name not in PRESETS:
            raise ValueError(f"create({name!r}) needs an `image_shape` (height, width, channels).")
        image_shape = preset["image_shape"]
    check_image_shape(image_shape)
    hyperparameters = {**preset["hyperparameters"], **hyperparameters}
    if name in PRESETS and "dataset_size" in MODELS[preset["model"]].hyperparameters():
        hyperparameters.setdefault("dataset_size", preset["dataset_size"])
    check_hyperparameters(preset["model"], hyperparameters)
    latents = latent_spec(preset["latents"] if latents is None else latents)
    encoder, decoder = build_networks(network or preset["network"], image_shape, latents, seed)
    model = MODELS[preset["model"]](encoder, decoder, latents=latents, seed=seed, **hyperparameters)
    optimizer = dict(preset["optimizer"])
    if learning_rate is not None:
        check_learning_rate(learning_rate)
        optimizer["learning_rate"] = learning_rate
    model.compile(
        Adam(**optimizer),
        jit_compile=worth_compiling(model) if jit_compile == "auto" else jit_compile,
        steps_per_execution=steps_per_execution,
    )
    return model


def check_image_shape(image_shape) -> None:
    """Raises ValueError unless a shape is three whole numbers of at least 1."""
    sides = list(image_shape) if isinstance(image_shape, Iterable) else []
    if len(sides) != 3 or not all(isinstance(side, numbers.Integral) and side >= 1 for side in sides):
        raise ValueError(f"`image_shape` must be (height, width, channels), in pixels. Received: {image_shape!r}")


def check_learning_rate(learning_rate) -> None:
    """Raises ValueError unless a learning rate is a positive number or one of Keras's schedules."""
    if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        return
    if not (isinstance(learning_rate, numbers.Real) and 0 < learning_rate < math.inf):
        raise ValueError(
            "`learning_rate` must be positive, or a keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: {learning_rate!r}"
        )


def preset_of(model: str, dataset: str | None = None) -> dict[str, Any]:
    """The first preset of a model, for a data set where one is given and there is one."""
    own = [preset for preset in PRESETS.values() if preset["model"] == model]
    return next((preset for preset in own if preset["dataset"] == dataset), own[0])


def latent_spec(latents: LatentSpec | Mapping[str, Any]) -> LatentSpec:
    """A LatentSpec, made of {"gaussian": d, "categorical": [K, ...]} where it is none yet."""
    if isinstance(latents, LatentSpec):
        return latents
    if not isinstance(latents, Mapping):
        raise ValueError(f"`latents` must be a LatentSpec or a dict of its arguments. Received: {latents!r}")
    for name in latents:
        check_choice("part of `latents`", name, ["gaussian", "categorical"])
    return LatentSpec(**latents)


def build_networks(network, image_shape, latents: LatentSpec, seed: int | None) -> tuple[keras.Model, keras.Model]:
    """An encoder and a decoder, from "conv", "mlp" or a dict with a `kind` and options for both."""
    options = dict(network) if isinstance(network, Mapping) else {"kind": network}
    for name in options:
        check_choice("part of `network`", name, ["kind", "encoder", "decoder"])
    check_choice("network", options.get("kind"), NETWORKS)
    encoder, decoder = NETWORKS[options["kind"]]
    for side, builder in {"encoder": encoder, "decoder": decoder}.items():
        check_options(side, builder, options.get(side, {}))
    return (
        encoder(image_shape, latents.parameters, seed=seed, **options.get("encoder", {})),
        decoder(image_shape, latents.size, seed=seed, **options.get("decoder", {})),
    )


def check_options(side: str, builder, options) -> None:
    """Raises ValueError unless the options of one side of `network` are a dict of names that its builder takes."""
    if not isinstance(options, Mapping):
        raise ValueError(f"`{side}` of `network` must be a dict of options. Received: {options!r}")
    known = [name for name in builder.__kwdefaults__ if name != "seed"]
    for name in options:
        check_choice(f"option of the network's {side}", name, known)


def worth_compiling(model: BaseVAE) -> bool:
    """Whether XLA pays: always with a GPU; on a CPU for fully connected networks only; never with several replicas.

    `benchmarks/train_step.py` repeats the measurement behind it.
    """
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:  # whose sums over replicas XLA does not compile
        return False
    if tf.config.list_logical_devices("GPU"):
        return True
    layers = [*model.encoder.layers, *model.decoder.layers]
    return not any(isinstance(layer, (keras.layers.Conv2D, keras.layers.Conv2DTranspose)) for layer in layers)


def check_hyperparameters(model: str, hyperparameters: Mapping[str, Any]) -> None:
    """Raises ValueError for names that the model's constructor does not take, and values of another kind."""
    parameters, own = MODELS[model].hyperparameters(), inspect.signature(MODELS[model].__init__).parameters
    for name, parameter in parameters.items():
        if name == "dataset_size" and parameter.default is parameter.empty and name not in hyperparameters:
            raise ValueError(f"{model!r} needs `dataset_size`, the number of images in the training set.")
    for name, value in hyperparameters.items():
        check_choice(f"hyperparameter of {model!r}", name, hyperparameter_names(model))
        hint = typing.get_type_hints(MODELS[model].__init__ if name in own else BaseVAE.__init__).get(name)
        if hint is not None and not fits(value, hint):
            raise ValueError(f"`{name}` of {model!r} must be {parameters[name].annotation}. Received: {value!r}")


def hyperparameter_names(model: str) -> list[str]:
    """What `create` passes on to a model's constructor, sorted."""
    return sorted(set(MODELS[model].hyperparameters()) - {"encoder", "decoder", "latents", "seed", "name"})


def fits(value, hint) -> bool:
    """Whether a value is of a type hint: a whole number is a float too, True is no number, infinity is nothing."""
    kinds = typing.get_args(hint) or (hint,)
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, (int, float)) and not math.isfinite(value):
        return False
    return isinstance(value, kinds) or (isinstance(value, int) and float in kinds)


def check_choice(what: str, value, choices: Iterable[str]) -> None:
    """Raises ValueError, with the nearest valid name, unless `value` is one of `choices`."""
    choices = list(choices)
    if value in choices:
        return
    near = difflib.get_close_matches(str(value), choices, n=1)
    meant = SYNONYMS.get(str(value), near[0] if near else None)
    hint = f" Did you mean {meant!r}?" if meant else ""
    raise ValueError(f"Unknown {what} {value!r}.{hint} Choose from: {', '.join(choices)}.")
