"""Every signature of a hybrid model, in a session of the C API, against the model and closed forms."""

import numpy as np
import pytest
import tensorflow as tf
from c_session import SavedModelError, Session
from small import small_model

from vaezoo.serving import export

FREE = -1


@pytest.fixture(scope="module")
def served(images, tmp_path_factory):
    """A model with a Gaussian block of 3 and two categorical ones, and its session."""
    model = small_model("vae", latents={"gaussian": 3, "categorical": [4, 2]})
    model.fit(images, epochs=3, verbose=0)
    session = Session(export(model, tmp_path_factory.mktemp("served")))
    yield model, session
    session.close()


def specs(tensors):
    return {
        name: (tf.as_dtype(info.dtype).name, *(side.size for side in info.tensor_shape.dim))
        for name, info in tensors.items()
    }


def test_names_types_and_free_batches(served):
    _, session = served
    image, number = ("float32", FREE, 8, 8, 1), ("float32", FREE)
    labels = {"label_0": ("int32", FREE), "label_1": ("int32", FREE)}
    codes = {"mean": (*number, 3), "log_var": (*number, 3), "probs_0": (*number, 4), "probs_1": (*number, 2), **labels}
    expected = {
        "encode": ({"image": image}, codes),
        "serving_default": ({"image": image}, codes),
        "encode_bytes": ({"image_bytes": ("string", FREE)}, codes),
        "decode": ({"mean": (*number, 3), **labels}, {"image": image}),
        "reconstruct": ({"image": image}, {"image": image}),
        "traverse": (
            {"image": image, "latent": ("int32", FREE), "values": (*number, FREE)},
            {"image": (*number, FREE, 8, 8, 1)},
        ),
        "score": ({"image": image}, dict.fromkeys(["reconstruction", "kl_z", "kl_y", "elbo"], number)),
    }
    known = {name: value for name, value in session.signatures.items() if not name.startswith("__")}
    assert {name: (specs(value.inputs), specs(value.outputs)) for name, value in known.items()} == expected


def test_one_block_has_no_number(tmp_path):
    session = Session(export(small_model("vae", latents={"gaussian": 2, "categorical": [3]}), tmp_path))
    assert set(session.signatures["encode"].outputs) == {"mean", "log_var", "probs", "label"}
    assert set(session.signatures["decode"].inputs) == {"mean", "label"}
    session.close()


def test_encode(served, images):
    model, session = served
    q, outputs = model.encode(images), session("encode", image=images)
    np.testing.assert_allclose(outputs["mean"], q.mu, atol=1e-5)
    np.testing.assert_allclose(outputs["log_var"], q.log_var, atol=1e-5)
    for i, probs in enumerate(q.probs):
        np.testing.assert_allclose(outputs[f"probs_{i}"], probs, atol=1e-5)
        np.testing.assert_array_equal(outputs[f"label_{i}"], np.argmax(probs, axis=-1))
    alone = session("encode", image=images[5:6])
    np.testing.assert_allclose(alone["mean"], outputs["mean"][5:6], atol=1e-5)


def test_decode_takes_what_encode_gives(served, images):
    model, session = served
    codes = session("encode", image=images)
    decoded = session("decode", **{name: codes[name] for name in ("mean", "label_0", "label_1")})["image"]
    np.testing.assert_allclose(decoded, model.reconstruct(images), atol=1e-5)
    np.testing.assert_allclose(session("reconstruct", image=images)["image"], decoded, atol=1e-5)
    other = session("decode", mean=codes["mean"], label_0=(codes["label_0"] + 1) % 4, label_1=codes["label_1"])["image"]
    assert np.abs(other - decoded).max() > 1e-3


def test_traverse_moves_one_component_and_nothing_else(served, images):
    model, session = served
    latent, values = np.array([2, 0], np.int32), np.array([[-1, 0, 2.5], [1, 2, 3]], np.float32)
    moved = session("traverse", image=images[:2], latent=latent, values=values)["image"]
    assert moved.shape == (2, 3, 8, 8, 1)
    for i in range(2):
        for j in range(3):
            code = model.encode(images[i : i + 1]).mode().numpy()
            code[0, latent[i]] = values[i, j]
            np.testing.assert_allclose(moved[i, j], model.decode(code).mean()[0], atol=1e-5)


def test_score_is_the_elbo_at_the_mean(served, images):
    model, session = served
    scores = session("score", image=images)
    mu, log_var, p = (
        *map(np.asarray, (model.encode(images).mu, model.encode(images).log_var)),
        model.reconstruct(images),
    )
    rec = -np.sum(images * np.log(p) + (1 - images) * np.log1p(-p), axis=(1, 2, 3))
    kl_z = 0.5 * np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=-1)
    kl_y = sum(np.sum(q * np.log(q * q.shape[-1]), axis=-1) for q in map(np.asarray, model.encode(images).probs))
    for name, value in {"reconstruction": rec, "kl_z": kl_z, "kl_y": kl_y, "elbo": -rec - kl_z - kl_y}.items():
        np.testing.assert_allclose(scores[name], value, rtol=1e-4, atol=1e-4)


def test_score_tells_noise_from_images(served, images):
    _, session = served
    noise = np.random.default_rng(0).random(images.shape).astype(np.float32) > 0.5
    assert (
        session("score", image=noise.astype(np.float32))["elbo"].mean() < session("score", image=images)["elbo"].mean()
    )


def test_pictures_as_web_clients_send_them(served, images):
    _, session = served
    pixels = (images[:6] * 255).astype(np.uint8)
    expected = session("encode", image=pixels.astype(np.float32) / 255)
    colour = [np.repeat(image, 3, axis=-1) for image in pixels]
    for files in ([tf.io.encode_png(image) for image in pixels], [tf.io.encode_png(image) for image in colour]):
        got = session("encode_bytes", image_bytes=np.array([file.numpy() for file in files], object))
        for name in expected:
            np.testing.assert_allclose(got[name], expected[name], atol=1e-5)
    files = [tf.io.encode_jpeg(image, quality=90).numpy() for image in pixels]
    decoded = np.stack([tf.io.decode_jpeg(file) for file in files]).astype(np.float32) / 255
    got, expected = session("encode_bytes", image_bytes=np.array(files, object)), session("encode", image=decoded)
    np.testing.assert_allclose(got["mean"], expected["mean"], atol=1e-5)


def as_channels(pixels, channels):
    """The expected pixels of a file with fewer channels than the model: repeated grey, and an opaque alpha channel."""
    colour = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
    return np.concatenate([colour, np.full_like(pixels[..., :1], 255)], axis=-1)[..., :channels]


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_in_colour(channels, tmp_path):
    """Files with as many, fewer and more channels than the model."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 4), np.uint8)
    session = Session(export(small_model("vae", image_shape=(8, 8, channels)), tmp_path))

    def check(files, expected):
        got = session("encode_bytes", image_bytes=np.array([file.numpy() for file in files], object))["mean"]
        wanted = session("encode", image=np.asarray(expected, np.float32) / 255)["mean"]
        np.testing.assert_allclose(got, wanted, atol=1e-5)

    for stored in (pixels[..., :1], pixels[..., :3]):
        check(map(tf.io.encode_png, stored), as_channels(stored, channels))
    check(map(tf.io.encode_png, pixels), pixels[..., :channels])
    jpegs = [tf.io.encode_jpeg(image) for image in [*pixels[:2, ..., :3], *pixels[:2, ..., :1]]]
    if channels == 3:
        check(jpegs, [tf.io.decode_jpeg(file, 3) for file in jpegs])
    else:
        with pytest.raises(SavedModelError, match="image_bytes: expected PNG files"):
            check(jpegs, pixels)
    session.close()


def test_signatures_can_be_compiled(images, tmp_path):
    """XLA compiles the signatures, without the assertions."""
    model = small_model("vae")
    saved = tf.saved_model.load(str(export(model, tmp_path)))
    compiled = tf.function(lambda image: saved.signatures["encode"](image=image), jit_compile=True)
    np.testing.assert_allclose(compiled(tf.constant(images))["mean"], model.encode(images).mu, atol=1e-5)


def test_a_wide_traversal_is_a_row_at_a_time_and_compiles_too(images, tmp_path):
    saved = tf.saved_model.load(str(export(small_model("vae"), tmp_path)))
    inputs = {"image": images, "latent": np.arange(48, dtype=np.int32) % 3, "values": np.ones((48, 5), np.float32)}
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    compiled = tf.function(lambda: saved.signatures["traverse"](**inputs), jit_compile=True)
    np.testing.assert_allclose(compiled()["image"], saved.signatures["traverse"](**inputs)["image"], atol=1e-5)


def test_images_of_two_channels_have_no_files(tmp_path):
    version = export(small_model("vae", image_shape=(8, 8, 2)), tmp_path)
    assert "encode_bytes" not in tf.saved_model.load(str(version)).signatures


def test_gaussian_likelihood(images, tmp_path):
    model = small_model("vae", likelihood="gaussian", scale=0.5)
    session = Session(export(model, tmp_path))
    scores, means = session("score", image=images), session("reconstruct", image=images)["image"]
    rec = np.sum(0.5 * ((images - means) / 0.5) ** 2 + np.log(0.5) + 0.5 * np.log(2 * np.pi), axis=(1, 2, 3))
    np.testing.assert_allclose(scores["reconstruction"], rec, rtol=1e-5)
    session.close()
