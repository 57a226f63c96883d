"""An invalid request gets an error that names the field, and the server keeps serving."""

import re
import resource
import struct
import zlib

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


def png_of_one_bit(height, width):
    """1000 times smaller than what it unpacks to."""
    parts = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0), b"IEND"
    header, end = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    data = b"IDAT" + zlib.compress(bytes((width // 8 + 1) * height), 9)
    data = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + header + data + end


def jpeg(height, width):
    """Encodes 8 x 8 pixels, with another size in the header."""
    file = tf.io.encode_jpeg(np.zeros((8, 8, 1), np.uint8)).numpy()
    place = file.index(b"\xff\xc0") + 5
    return file[:place] + struct.pack(">HH", height, width) + file[place + 4 :]


def files(*contents):
    return np.array(contents, object)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    model = small_model("vae", latents={"gaussian": 3, "categorical": [4]})
    session = Session(export(model, tmp_path_factory.mktemp("served"), max_batch=300))
    yield session
    session.close()


BAD = [
    ("encode", {"image": X[:, :4]}, "[300 8 8 1] [Received] [3 4 8 1]"),
    ("encode", {"image": X.reshape(3, 4, 4, 4)}, "[3 4 4 4]"),  # as many pixels
    ("encode", {"image": X[0]}, "[8 8 1]"),
    ("encode", {"image": np.float32(1)}, "[]"),
    ("encode", {"image": X[:, None]}, "[3 1 8 8 1]"),
    ("encode", {"image": X[..., None]}, "[3 8 8 1 1]"),
    ("encode", {"image": X[:0]}, "[0 8 8 1]"),
    ("encode", {"image": np.zeros((301, 8, 8, 1), "f")}, "[301 8 8 1]"),
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
        "of 8 x 8 pixels. Received another as number, of size] [1] [8 9]",
    ),
    ("encode_bytes", {"image_bytes": files(png(80, 8))}, "of size] [0] [80 8]"),
    ("encode_bytes", {"image_bytes": files(png(8, 8), jpeg(8, 8), jpeg(8, 16))}, "of size] [2] [8 16]"),
    ("encode_bytes", {"image_bytes": files(png(8, 8)[:20])}, "of size] [0] [0 8]"),
    ("encode_bytes", {"image_bytes": files(png(8, 8)[:12] + b"tEXt" + png(8, 8)[16:])}, "another as number] [0]"),
    ("encode_bytes", {"image_bytes": files(png(8, 8) + b"x" * 100_000)}, "at most 65792 bytes"),
    ("encode_bytes", {"image_bytes": files()}, "[0]"),
    ("encode_bytes", {"image_bytes": files(*[png(8, 8)] * 301)}, "[301]"),
    ("decode", {"mean": MEAN[:, :2], "label": LABEL}, "[3 2]"),
    ("decode", {"mean": MEAN + np.nan, "label": LABEL}, "NaN"),
    ("decode", {"label": LABEL + 4, "mean": MEAN}, "from 0 to 3."),
    ("decode", {"label": LABEL[:1], "mean": MEAN}, "[Received] [1]"),
    ("traverse", {"latent": LATENT + 3, "image": X, "values": VALUES}, "from 0 to 2."),
    ("traverse", {"latent": LATENT[:2], "image": X, "values": VALUES}, "[Received] [2]"),
    ("traverse", {"values": VALUES[:, :0], "image": X, "latent": LATENT}, "[3 0]"),
    ("traverse", {"values": np.zeros((3, 65), "f"), "image": X, "latent": LATENT}, "[3 64] [Received] [3 65]"),
    (
        "traverse",
        {"values": np.zeros((300, 55), "f"), "image": np.zeros((300, 8, 8, 1), "f"), "latent": np.zeros(300, "i4")},
        "[300 54] [Received] [300 55]",
    ),
    ("traverse", {"values": VALUES - np.inf, "image": X, "latent": LATENT}, "Inf"),
]


@pytest.mark.parametrize("signature, inputs, words", BAD)
def test_the_field_is_named_and_the_server_serves_on(session, signature, inputs, words):
    """The first field of `inputs` is the invalid one."""
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


@pytest.mark.parametrize("file", [png_of_one_bit(12000, 12000), jpeg(12000, 12000)], ids=["png", "jpeg"])
def test_a_small_file_of_a_huge_picture_is_never_unpacked(session, file):
    session("encode_bytes", image_bytes=files(png(8, 8)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SavedModelError, match=r"of size\] \[1\] \[12000 12000\]"):
        session("encode_bytes", image_bytes=files(png(8, 8), file))
    assert len(file) < 65792 and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 50_000  # KB; not 144 MB


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
    """The inputs are numbered in alphabetical order, as the model card says."""
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
    image, latent, values = np.zeros((300, 8, 8, 1), "f"), np.zeros(300, "i4"), np.zeros((300, 64), "f")
    assert session("encode", image=image)["mean"].shape == (300, 3)
    for N, M in ((256, 64), (300, 54)):
        moved = session("traverse", image=image[:N], latent=latent[:N], values=values[:N, :M])
        assert moved["image"].shape == (N, M, 8, 8, 1)


def test_python_callers_get_the_same_errors(tmp_path):
    encode = tf.saved_model.load(str(export(small_model("vae"), tmp_path))).signatures["encode"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="image: expected values from 0 to 1"):
        encode(image=tf.constant(X * 255))
