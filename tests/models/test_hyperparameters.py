import inspect
import math
import re
import typing

import keras
import pytest
from small import small_model

import vaezoo
from vaezoo.models import BaseVAE

WEIGHTS = {
    "beta_tcvae": ["alpha", "gamma"],
    "info_vae": ["lambda_"],
    "wae_mmd": ["lambda_"],
    "dip_vae": ["lambda_od", "lambda_d"],
    "nonsyn": ["alpha"],
    "imae": ["beta", "beta_y", "gamma", "marginal_weight"],
}


ANNEALED = {
    "beta_vae": ["beta"],
    "annealed_vae": ["gamma", "c_max"],
    "joint_vae": ["gamma", "z_capacity", "y_capacity"],
    "factor_vae": ["gamma"],
    "beta_tcvae": ["beta"],
}
VALUES = ["high", True, 3, 2.5, math.nan, math.inf, None]


@pytest.fixture(scope="module")
def construct():
    """The constructor of a model by its name, with networks and what it requires."""
    vae = small_model("vae")

    def call(name, **options):
        required = {"dataset_size": 48} if "dataset_size" in vaezoo.MODELS[name].hyperparameters() else {}
        return vaezoo.MODELS[name](vae.encoder, vae.decoder, latents=vae.latents, **{**required, **options})

    return call


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_must_not_be_negative(name, construct):
    for weight in WEIGHTS[name]:
        for value in (-1, float("nan"), float("inf"), "high", True):
            with pytest.raises(ValueError, match=f"`{weight}` must be a finite number and not be negative. Received"):
                construct(name, **{weight: value})


@pytest.mark.parametrize("name", ANNEALED)
def test_annealed_weights_are_numbers_or_schedules(name, construct):
    for weight in ANNEALED[name]:
        for value in (-1, float("nan"), float("inf"), "high", True, abs):
            words = (
                f"`{weight}` must be a finite number and not be negative, or a keras.*LearningRateSchedule. Received"
            )
            with pytest.raises(ValueError, match=words):
                construct(name, **{weight: value})


@pytest.mark.parametrize("name", vaezoo.MODELS)
def test_values_of_another_type_are_refused(name, construct):
    """Every argument of a constructor refuses what its annotation excludes, by name."""
    hints = typing.get_type_hints(BaseVAE.__init__) | typing.get_type_hints(vaezoo.MODELS[name].__init__)
    shared = inspect.signature(BaseVAE.__init__).parameters.keys() - {"likelihood", "scale"}
    tried = 0
    for argument in vaezoo.MODELS[name].hyperparameters().keys() - shared:
        kinds = typing.get_args(hints[argument]) or (hints[argument],)
        if {float, int, bool, str, keras.Model} & set(kinds):
            for value in VALUES:
                if not is_of(value, kinds):
                    tried += 1
                    with pytest.raises(
                        ValueError, match=rf"(?s)`{argument}` must .*Received: {re.escape(repr(value))}"
                    ):
                        construct(name, **{argument: value})
    assert tried >= 8


def is_of(value, kinds):
    """Whether a value is of one of several types: ints are floats too, bools are no numbers, NaN and inf are not."""
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, (int, float)) and not math.isfinite(value):
        return False
    return isinstance(value, kinds) or (isinstance(value, int) and float in kinds)


@pytest.mark.parametrize("alpha, lambda_", [(1.5, 10.0), (-0.5, 1.0)])
def test_both_weights_of_info_vae(alpha, lambda_):
    with pytest.raises(ValueError, match="`alpha` must be from 1 - lambda_ to 1"):
        small_model("info_vae", alpha=alpha, lambda_=lambda_)


def test_an_info_vae_that_is_a_beta_vae():
    for beta in (0.7, 4.0):
        small_model("info_vae", alpha=1 - beta, lambda_=beta)


def test_a_discriminators_learning_rate_is_positive():
    with pytest.raises(ValueError, match="`discriminator_learning_rate` must be positive. Received: 0.0"):
        small_model("factor_vae", discriminator_learning_rate=0.0)


@pytest.mark.parametrize("name", ["nonsyn", "factor_vae"])
@pytest.mark.parametrize("adam", [vaezoo.Adam, keras.optimizers.Adam])
def test_gradients_are_not_accumulated_over_steps_of_several_updates(name, adam):
    model = small_model(name)
    before = model.optimizer
    words = "makes 2 updates a step and takes no optimizer with `gradient_accumulation_steps`. Received: 3"
    with pytest.raises(ValueError, match=words):
        model.compile(adam(1e-3, gradient_accumulation_steps=3))
    assert model.optimizer is before
    small_model("vae").compile(adam(1e-3, gradient_accumulation_steps=3))
