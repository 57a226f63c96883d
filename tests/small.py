"""Models and images small enough to train in a moment; tests import from here, not from a conftest."""

import vaezoo
from vaezoo.networks import discriminator
from vaezoo.networks.precision import precision_scope

SHAPE = (8, 8, 1)
SMALL = {"kind": "mlp", "encoder": {"hidden": (16,), "batch_norm": False}, "decoder": {"hidden": (16,)}}


def small_model(name, **options):
    """A compiled model of any kind on 8x8 images; learning fast enough for a few steps to show."""
    defaults = {"image_shape": SHAPE, "latents": {"gaussian": 3}, "network": SMALL, "learning_rate": 1e-2, "seed": 1}
    if "dataset_size" in vaezoo.MODELS[name].hyperparameters():
        defaults["dataset_size"] = 48
    if name == "factor_vae":
        with precision_scope(options.get("precision")):
            defaults["discriminator"] = discriminator(3, width=8, depth=2, seed=1)
    return vaezoo.create(name, **{**defaults, "jit_compile": False, **options})


def inputs(model, images):
    """What a model's `fit` takes: images, or pairs of them."""
    pairs = isinstance(model.element_spec, tuple)
    return (images, images[::-1].copy()) if pairs else (images,)


def weights_of(model):
    return [variable.numpy() for variable in model.variables]
