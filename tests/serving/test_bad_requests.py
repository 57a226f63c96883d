"""A bad request gets an error that names the field, and the server serves on."""

import re

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
    (
        "encode_bytes",
        {"image_bytes": files(png(8, 8), png(8, 9), png(9, 9))},
        "number] [1] [height, width, channels]",
    ),
    ("encode_bytes", {"image_bytes": files(png(80, 8))}, "of 8 x 8 pixels. Received as number] [0]"),
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
    ("traverse", {"values": np.zeros((3, 65), "f"), "image": X, "latent": LATENT}, "[3 64] [Received] [3 65]"),
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
    assert f"{field}: expected" in str(refused.value) and words in str(refused.value)
    np.testing.assert_array_equal(session("encode", image=X)["mean"], before)


def flipped(file, place):
    return file[:place] + bytes([file[place] ^ 255]) + file[place + 1 :]


@pytest.mark.parametrize(
    "file, words",
    [
        (png(8, 8)[:50], "Invalid PNG"),
        (flipped(png(8, 8), 45), "Invalid PNG"),
        (b"\xff\xd8\xff" + b"x" * 50, "JPEG"),
        (tf.io.encode_jpeg(np.zeros((8, 8, 1), np.uint8)).numpy()[:-20], "Invalid JPEG"),
    ],
)
def test_of_a_damaged_picture_the_operation_is_named(session, file, words):
    with pytest.raises(SavedModelError, match=words) as refused:
        session("encode_bytes", image_bytes=files(png(8, 8), file))
    assert refused.value.code == 3 and re.search(r"node image_bytes\b", str(refused.value))
    assert np.isfinite(session("encode_bytes", image_bytes=files(png(8, 8)))["mean"]).all()


GOOD = {
    "encode": {"image": X},
    "encode_bytes": {"image_bytes": files(png(8, 8))},
    "decode": {"mean": MEAN, "label": LABEL},
    "reconstruct": {"image": X},
    "traverse": {"image": X, "latent": LATENT, "values": VALUES},
    "score": {"image": X},
}


@pytest.mark.parametrize("signature, field", [(name, field) for name, inputs in GOOD.items() for field in inputs])
def test_another_dtype_is_refused_by_the_runtime_which_numbers_the_inputs(session, signature, field):
    """In alphabetical order, as the card says."""
    good = GOOD[signature]
    for dtype in ("f2", "f4", "f8", "u1", "i4", "i8", "S1"):
        other = np.zeros(good[field].shape, dtype)
        if other.dtype != good[field].dtype and (field != "image_bytes" or dtype != "S1"):
            place = sorted(good).index(field)
            with pytest.raises(SavedModelError, match=rf"arg\[{place}\] to be \w+ but \w+ is provided") as refused:
                session(signature, **{**good, field: other})
            assert refused.value.code == 3
    assert all(np.isfinite(value).all() for value in session(signature, **good).values())


def test_the_largest_batch_is_served(session):
    N = {"image": np.zeros((40, 8, 8, 1), "f"), "latent": np.zeros(40, "i4"), "values": np.zeros((40, 64), "f")}
    assert session("encode", image=N["image"])["mean"].shape == (40, 3)
    assert session("traverse", **N)["image"].shape == (40, 64, 8, 8, 1)


def test_python_callers_get_the_same_errors(tmp_path):
    encode = tf.saved_model.load(str(export(small_model("vae"), tmp_path))).signatures["encode"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="image: expected values from 0 to 1"):
        encode(image=tf.constant(X * 255))
