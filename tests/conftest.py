"""Small models and images, and the environment that every test process runs in."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import pytest

import vaezoo
from vaezoo.networks import discriminator

SHAPE = (8, 8, 1)
SMALL = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": False}, "decoder": {"hidden": (16,)}}


def small_model(name, **options):
    """A compiled model of any kind on 8x8 images; learning fast enough for a few steps to show."""
    defaults = {"image_shape": SHAPE, "latents": {"gaussian": 3}, "network": SMALL, "learning_rate": 1e-2, "seed": 1}
    if "dataset_size" in vaezoo.MODELS[name].hyperparameters():
        defaults["dataset_size"] = 48
    if name == "factor_vae":
        defaults["discriminator"] = discriminator(3, width=8, depth=2, seed=1)
    return vaezoo.create(name, **{**defaults, "jit_compile": False, **options})


def weights_of(model):
    return [variable.numpy() for variable in model.variables]


@pytest.fixture(scope="session")
def images():
    """Forty-eight 8x8 images: a bright rectangle each."""
    rng = np.random.default_rng(0)
    x = np.zeros((48, *SHAPE), np.float32)
    for image in x:
        (i, j), (h, w) = rng.integers(0, 5, 2), rng.integers(2, 5, 2)
        image[i : i + h, j : j + w] = 1
    return x


@pytest.fixture(autouse=True)
def float32_policy():
    """No test leaves a dtype policy behind."""
    yield
    keras.config.set_dtype_policy("float32")
