import keras
import pytest
from small import small_model

import vaezoo

WEIGHTS = {
    "beta_vae": ["beta"],
    "annealed_vae": ["gamma"],
    "joint_vae": ["gamma"],
    "factor_vae": ["gamma"],
    "beta_tcvae": ["alpha", "beta", "gamma"],
    "info_vae": ["lambda_"],
    "wae_mmd": ["lambda_"],
    "dip_vae": ["lambda_od", "lambda_d"],
    "nonsyn": ["alpha"],
    "imae": ["beta", "beta_y", "gamma", "marginal_weight"],
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_must_not_be_negative(name):
    vae = small_model("vae")
    size = {"dataset_size": 48} if "dataset_size" in vaezoo.MODELS[name].hyperparameters() else {}
    for weight in WEIGHTS[name]:
        for value in (-1, float("nan"), float("inf"), "high", True):
            with pytest.raises(ValueError, match=f"`{weight}` must be a finite number and not be negative. Received"):
                vaezoo.MODELS[name](vae.encoder, vae.decoder, latents=vae.latents, **size, **{weight: value})


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
