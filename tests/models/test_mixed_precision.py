"""Models whose networks compute in bfloat16: all that follows the networks is float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from compare import KEY, wide_model
from small import SHAPE, SMALL, inputs, small_model

import vaezoo
from vaezoo.networks.precision import compute_precision

layers = keras.layers


@pytest.mark.parametrize("precision", ["float32", "bfloat16", None])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_create_builds_every_network_in_the_precision_whatever_the_global_policy(precision, policy):
    """FactorVAE builds its discriminator itself."""
    keras.config.set_dtype_policy(policy)
    model = vaezoo.create("factor_vae", image_shape=SHAPE, network=SMALL, precision=precision)
    expected = precision or policy.removeprefix("mixed_")
    for network in (model.encoder, model.decoder, model.discriminator):
        assert compute_precision(network) == expected, network.name
    assert model.decoder.output.dtype == expected and model.encoder.output.dtype == "float32"
    assert {variable.dtype for variable in model.weights} <= {"float32", "int64"}
    assert keras.config.dtype_policy().name == policy


def test_auto_asks_the_hardware(monkeypatch):
    monkeypatch.setattr("vaezoo.networks.precision.native_bfloat16", lambda: True)
    assert compute_precision(small_model("vae", precision="auto")) == "bfloat16"


@pytest.mark.parametrize(
    "options, words",
    [
        ({"precision": "bf16"}, "Unknown precision 'bf16'. .*Choose from: float32, bfloat16, auto."),
        ({"precision": "bfloat16", "network": "conv"}, "convolutions of stride 2"),  # while the networks are built
        ({"precision": "bfloat16", "beta": -1.0}, "`beta`"),  # while the model is
    ],
)
def test_the_global_policy_stays_when_create_fails(options, words):
    before = keras.config.dtype_policy()
    with pytest.raises(ValueError, match=words):
        small_model("beta_vae", **options)
    assert keras.config.dtype_policy() is before


@pytest.mark.parametrize("name", vaezoo.MODELS)
def test_terms_samples_and_densities_are_float32(name, images):
    model = wide_model(name, precision="bfloat16")
    assert compute_precision(model.encoder) == compute_precision(model.decoder) == "bfloat16"
    x = model.prepare_batch(tuple(tf.constant(part[:8]) for part in inputs(model, images)))
    terms = model.regularized(model.objective)(x, KEY, training=True)
    q = model.encode(images[:8])
    code, p = q.rsample(KEY, 0.5), model.decode(q.mode())
    tensors = {**terms, "code": code, "sample": q.sample(seed=KEY), "log q": q.log_prob(q.mode())}
    tensors |= {"image": p.mean(), "pixels": p.sample(seed=KEY), "log p": p.log_prob(images[:8])}
    assert {key: value.dtype.name for key, value in tensors.items()} == {key: "float32" for key in tensors}
    assert all(np.isfinite(value).all() for value in tensors.values())


def test_networks_of_ones_own_may_end_in_bfloat16(images):
    """Encoder, decoder and discriminator: outputs are cast before anything is computed from them."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    image, code, z = keras.Input(SHAPE), keras.Input((3,)), keras.Input((3,))
    hidden = layers.Dense(8)(layers.Flatten()(image))
    encoder = keras.Model(image, [layers.Dense(3)(hidden), layers.Dense(3)(hidden)])
    decoder = keras.Model(code, layers.Reshape(SHAPE)(layers.Dense(64)(code)))
    discriminator = keras.Model(z, layers.Dense(2)(z))
    assert {decoder.output.dtype, discriminator.output.dtype, encoder.outputs[0].dtype} == {"bfloat16"}
    for coder in (encoder, keras.Sequential([image, layers.Flatten(), layers.Dense(6)])):
        latents = vaezoo.LatentSpec(3)
        model = vaezoo.FactorVAE(coder, decoder, latents=latents, discriminator=discriminator, seed=0)
        terms = model.objective(images[:8], KEY, training=True)
        assert {value.dtype for value in terms.values()} == {tf.float32}
        assert model.encode(images[:8]).mean().dtype == tf.float32
    pixels = keras.ops.cast(decoder(tf.ones((1, 3))), "float32")
    np.testing.assert_array_equal(model.decode(tf.ones((1, 3))).mean(), tf.sigmoid(pixels))
    model.compile("adam", run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images)[0])


def test_a_model_loads_in_its_precision_under_another_global_policy(images, tmp_path):
    """One in float32; one in bfloat16 is loaded under float32 by the test over all models."""
    model = wide_model("factor_vae")
    model.save(tmp_path / "model.keras")
    keras.config.set_dtype_policy("mixed_bfloat16")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    codes = model.encode(images).mean()
    np.testing.assert_array_equal(loaded.encode(images).mean(), codes)
    np.testing.assert_array_equal(loaded.decode(codes).mean(), model.decode(codes).mean())
    np.testing.assert_array_equal(loaded.discriminator(codes[:, :3]), model.discriminator(codes[:, :3]))
