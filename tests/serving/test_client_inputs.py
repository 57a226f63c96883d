"""Inputs and options that the client refuses before it sends a request."""

import numpy as np
import pytest
import tensorflow as tf

from vaezoo.serving import client

PNG = tf.io.encode_png(np.zeros((8, 8, 1), np.uint8)).numpy()


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda x: x[0], r"float32 \(8, 8, 1\)"),
        (lambda x: (x * 255).astype(np.uint8), "uint8"),
        (lambda x: x[:0], r"\(0, 8, 8, 1\)"),
        (lambda x: x * 255, "from 0.0 to 255.0"),
        (lambda x: x * np.nan, "nan"),
        (lambda x: [], r"\(0,\)"),
    ],
)
def test_bad_images_are_not_even_sent(change, words, images):
    with pytest.raises(ValueError, match=f"`images` must .*{words}"):
        client.encode(change(images), "http://127.0.0.1:1/v1/models/vae")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"url": "localhost:8501"}, "`url`"),
        ({"url": "http://localhost:8501"}, "`url`"),
        ({"url": "http://localhost:8501/v1/models/vae:predict"}, "`url`"),
        ({"url": "http://localhost:8501/v1/models/vae/labels/"}, "`url`"),
        ({"url": "http://localhost:8501/x:y/v1/models/vae"}, "`url`"),
        ({"url": "grpc://localhost:8500/vae/newest"}, "`url`"),
        ({"batch_size": 0}, "batch_size"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_bad_options(options, words, images):
    with pytest.raises(ValueError, match=words):
        client.encode(images, **{"url": "http://127.0.0.1:1/v1/models/vae", **options})
    with pytest.raises(ValueError, match="same number of rows"):
        client.predict({"image": images, "latent": np.zeros(3, "i4")}, "http://127.0.0.1:1/v1/models/vae", "traverse")


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("image", np.zeros((1, 8, 8, 1), "c8"), "float32. Received: complex64"),
        ("mean", [["a"]], "float32. Received: <U1"),
        ("values", np.array([[None]]), "float32. Received: object"),
        ("latent", [0.0], "int32. Received: float64"),
        ("label", [2**32], "int32. Received: int64"),
        ("label_1", [1.5], "int32. Received: float64"),
        ("image_bytes", ["picture.png"], "bytes objects. Received: str"),
        ("image_bytes", np.array([PNG]), rf"bytes objects. Received: \|S{len(PNG)}"),
        ("image_bytes", np.zeros((1, 8, 8, 1)), "bytes objects. Received: float64"),
    ],
)
def test_another_dtype_is_not_even_sent(field, value, words):
    with pytest.raises(ValueError, match=f"`{field}` must be {words}"):
        client.predict({field: value}, "http://127.0.0.1:1/v1/models/vae", "decode")
