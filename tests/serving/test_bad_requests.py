"""A bad request gets an error that names the field, and the server serves on."""

import numpy as np
import pytest
import tensorflow as tf
from c_session import SavedModelError, Session
from small import small_model

from vaezoo.serving import export

X = np.linspace(0, 1, 3 * 64, dtype=np.float32).reshape(3, 8, 8, 1)
MEAN, LABEL, LATENT, VALUES = np.zeros((3, 3), "f"), np.zeros(3, "i4"), np.zeros(3, "i4"), np.zeros((3, 5), "f")


def png(height, width):
    return tf.io.encode_png(np.zeros((height, width, 1), np.uint8)).numpy()


def files(*contents):
    return np.array(contents, object)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    model = small_model("vae", latents={"gaussian": 3, "categorical": [4]})
    session = Session(export(model, tmp_path_factory.mktemp("served"), max_batch=40))
    yield session
    session.close()


BAD = [
    ("encode", {"image": X[:, :4]}, "[40 8 8 1] [Received] [3 4 8 1]"),
    ("encode", {"image": X.reshape(3, 4, 4, 4)}, "[3 4 4 4]"),  # as many pixels
    ("encode", {"image": X[0]}, "[8 8 1]"),
    ("encode", {"image": np.float32(1)}, "[]"),
    ("encode", {"image": X[:, None]}, "[3 1 8 8 1]"),
    ("encode", {"image": X[..., None]}, "[3 8 8 1 1]"),
    ("encode", {"image": X[:0]}, "[0 8 8 1]"),
    ("encode", {"image": np.zeros((41, 8, 8, 1), "f")}, "[41 8 8 1]"),
    ("encode", {"image": X * np.nan}, "from 0 to 1. Received values from] [nan]"),
    ("encode", {"image": np.where(X == 1, np.nan, X).astype("f")}, "from 0 to 1."),
    ("encode", {"image": X * 255}, "[255]"),
    ("serving_default", {"image": -X}, "[-1]"),
    ("reconstruct", {"image": X + np.inf}, "from 0 to 1."),
    ("score", {"image": X.reshape(3, 4, 16, 1)}, "[3 4 16 1]"),
    ("encode_bytes", {"image_bytes": files(png(8, 8), b"not a picture")}, "another as number] [1]"),
    ("encode_bytes", {"image_bytes": files(b"")}, "PNG or JPEG"),
    ("encode_bytes", {"image_bytes": files(b"GIF89a" + b"x" * 60)}, "PNG or JPEG"),
    ("encode_bytes", {"image_bytes": files(png(8, 8)[:50])}, "Invalid PNG"),
    ("encode_bytes", {"image_bytes": files(b"\xff\xd8\xff" + b"x" * 50)}, "JPEG"),
    ("encode_bytes", {"image_bytes": files(png(8, 8), png(8, 9))}, "8 x 8 pixels"),
    ("encode_bytes", {"image_bytes": files(png(8, 8) + b"x" * 100_000)}, "at most 65792 bytes"),
    ("encode_bytes", {"image_bytes": files()}, "[0]"),
    ("encode_bytes", {"image_bytes": files(*[png(8, 8)] * 41)}, "[41]"),
    ("decode", {"mean": MEAN[:, :2], "label": LABEL}, "[3 2]"),
    ("decode", {"mean": MEAN + np.nan, "label": LABEL}, "NaN"),
    ("decode", {"label": LABEL + 4, "mean": MEAN}, "from 0 to 3."),
    ("decode", {"label": LABEL[:1], "mean": MEAN}, "[Received] [1]"),
    ("traverse", {"latent": LATENT + 3, "image": X, "values": VALUES}, "from 0 to 2."),
    ("traverse", {"latent": LATENT[:2], "image": X, "values": VALUES}, "[Received] [2]"),
    ("traverse", {"values": VALUES[:, :0], "image": X, "latent": LATENT}, "[3 0]"),
    ("traverse", {"values": np.zeros((3, 14), "f"), "image": X, "latent": LATENT}, "[3 13] [Received] [3 14]"),
    ("traverse", {"values": VALUES - np.inf, "image": X, "latent": LATENT}, "Inf"),
]


@pytest.mark.parametrize("signature, inputs, words", BAD)
def test_the_field_is_named_and_the_server_serves_on(session, signature, inputs, words):
    """The first field of `inputs` is the bad one."""
    before = session("encode", image=X)["mean"]
    with pytest.raises(SavedModelError) as refused:
        session(signature, **inputs)
    field = next(iter(inputs))
    assert refused.value.code == 3  # invalid argument
    assert field in str(refused.value) and words in str(refused.value)
    np.testing.assert_array_equal(session("encode", image=X)["mean"], before)


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, np.int32])
def test_other_dtypes_are_refused_by_the_runtime(session, dtype):
    with pytest.raises(SavedModelError, match="to be float but .* is provided"):
        session("encode", image=X.astype(dtype))
    assert np.isfinite(session("encode", image=X)["mean"]).all()


def test_the_largest_batch_is_served(session):
    assert session("encode", image=np.zeros((40, 8, 8, 1), "f"))["mean"].shape == (40, 3)
    assert session("traverse", image=X, latent=LATENT, values=np.zeros((3, 13), "f"))["image"].shape == (3, 13, 8, 8, 1)


def test_python_callers_get_the_same_errors(tmp_path):
    encode = tf.saved_model.load(str(export(small_model("vae"), tmp_path))).signatures["encode"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="image: expected values from 0 to 1"):
        encode(image=tf.constant(X * 255))
