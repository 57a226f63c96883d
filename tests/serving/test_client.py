"""The client against local servers, over REST and gRPC."""

import json
import socket
import threading

import numpy as np
import pytest
import tensorflow as tf
from model_server import grpc_server, rest_server
from small import small_model

from vaezoo.serving import client, export
from vaezoo.serving.client import ServingError

SERVERS = {"rest": (rest_server, "http://{}/v1/models/vae"), "grpc": (grpc_server, "grpc://{}/vae")}
PNG = tf.io.encode_png(np.zeros((8, 8, 1), np.uint8)).numpy()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    model = small_model("vae", latents={"gaussian": 3, "categorical": [4]})
    return model, export(model, tmp_path_factory.mktemp("served") / "vae", max_batch=60)


@pytest.fixture(params=SERVERS)
def server(request, served):
    """The URL of a running server, and the list of its requests."""
    if request.param == "grpc":
        pytest.importorskip("tensorflow_serving")
    start, url = SERVERS[request.param]
    with start(served[1]) as (address, requests):
        yield url.format(address), requests


def test_encode_in_batches(served, server, images):
    url, requests = server
    q, codes = served[0].encode(images), client.encode(images, url, batch_size=20)
    assert len(requests) == 3
    assert {name: (value.dtype.name, value.shape) for name, value in codes.items()} == {
        "mean": ("float32", (48, 3)),
        "log_var": ("float32", (48, 3)),
        "probs": ("float32", (48, 4)),
        "label": ("int32", (48,)),
    }
    np.testing.assert_allclose(codes["mean"], q.mu, atol=1e-5)
    np.testing.assert_allclose(codes["log_var"], q.log_var, atol=1e-5)
    np.testing.assert_allclose(codes["probs"], q.probs[0], atol=1e-5)
    np.testing.assert_array_equal(codes["label"], np.argmax(q.probs[0], axis=-1))


def test_encode_files(server, images):
    url, requests = server
    pixels = (images[:5] * 255).astype(np.uint8)
    codes = client.encode([tf.io.encode_png(image).numpy() for image in pixels], url, batch_size=3)
    assert len(requests) == 2
    np.testing.assert_allclose(codes["mean"], client.encode(images[:5], url)["mean"], atol=1e-5)


def test_other_signatures(served, server, images):
    url, _ = server
    codes = client.encode(images[:4], url)
    inputs = {name: codes[name] for name in ("mean", "label")}
    decoded = client.predict(inputs, url, "decode")["image"]
    np.testing.assert_allclose(decoded, served[0].reconstruct(images[:4]), atol=1e-5)
    scores = client.predict({"image": images[:4]}, url, "score")
    np.testing.assert_allclose(scores["elbo"], -(scores["reconstruction"] + scores["kl_z"] + scores["kl_y"]), rtol=1e-5)


def test_a_refusal_names_the_field_and_the_server_serves_on(server, images):
    url, _ = server
    for bad, words in (
        (images * np.float32(255), "image: expected values from 0 to 1"),
        (images.reshape(-1, 4, 16, 1), "image: expected a shape"),
        (np.repeat(images, 2, axis=0), "96 8 8 1"),
    ):
        with pytest.raises(ServingError, match="refused 'encode' with status (400|INVALID_ARGUMENT)") as refused:
            client.predict({"image": bad}, url, "encode", batch_size=96)
        assert words in str(refused.value) and url in str(refused.value)
        assert client.encode(images, url)["mean"].shape == (48, 3)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_is_silent(kind, served, images):
    if kind == "grpc":
        pytest.importorskip("tensorflow_serving")
    start, url = SERVERS[kind]
    silence = pytest.raises(ServingError, match="No answer .*time-out: 0.2 s")
    with start(served[1], delay=0.6) as (address, _), silence:
        client.encode(images, url.format(address), timeout=0.2)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_is_not_there(kind, images):
    if kind == "grpc":
        pytest.importorskip("tensorflow_serving")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = SERVERS[kind][1].format(f"127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(ServingError, match=f"No answer from {url}"):
            client.encode(images, url, timeout=2)


@pytest.mark.parametrize(
    "said, words",
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>", "no TensorFlow Serving"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"outputs": {"mean": [[1], [1, 2]], "log_var": [[1]]}}', "rows of different lengths"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n\xff what?", "refused 'encode' with status 404: .* what"),
        (b"HTTP/1.0 502 Bad Gateway\r\nContent-Length: 9\r\n\r\nhalf", "No answer from .*IncompleteRead"),
        (b"SSH-2.0\r\n", "No answer from"),
    ],
)
def test_a_server_of_something_else(said, words, images):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection, _ = other.accept()
            connection.recv(2**16)
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(2**16):  # closing on unread bytes would reset the connection
                pass
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ServingError, match=words):
            client.encode(images[:1], f"http://127.0.0.1:{other.getsockname()[1]}/v1/models/vae", timeout=5)
        thread.join()


def test_a_version_can_be_asked_for(served, images):
    pytest.importorskip("tensorflow_serving")
    with grpc_server(served[1]) as (address, requests):
        for end in ("vae/7", "vae", "vae/labels/canary/"):
            client.encode(images, f"grpc://{address}/{end}")
    asked = [(r.model_spec.name, r.model_spec.version.value, r.model_spec.version_label) for r in requests]
    assert asked == [("vae", 7, ""), ("vae", 0, ""), ("vae", 0, "canary")]
    paths = ["/v1/models/vae/versions/7", "/v1/models/vae/labels/canary", "/a/gate+way@1/v1/models/vae"]
    with rest_server(served[1]) as (address, requests):
        for path in paths:
            client.encode(images[:1], f"http://{address}{path}")
    assert [path for path, _ in requests] == [f"{path}:predict" for path in paths]
    body = requests[0][1]
    assert body["signature_name"] == "encode" and json.dumps(body["inputs"]["image"]) == json.dumps(images[:1].tolist())


def test_a_name_in_any_letters(served, images):
    pytest.importorskip("tensorflow_serving")
    with grpc_server(served[1]) as (address, requests):
        client.encode(images[:1], f"grpc://{address}/größe 2")
    assert requests[0].model_spec.name == "größe 2"
    with rest_server(served[1]) as (address, requests):
        for name in ("größe 2?", "gr%C3%B6%C3%9Fe%202%3F/"):
            client.encode(images[:1], f"http://{address}/v1/models/{name}")
    assert [path for path, _ in requests] == ["/v1/models/gr%C3%B6%C3%9Fe%202%3F:predict"] * 2


def codes(d, classes=()):
    """Builds a response to two images."""
    blocks = {f"probs_{i}": np.full((2, K), 1 / K) for i, K in enumerate(classes)}
    labels = {f"label_{i}": np.zeros(2, "i4") for i in range(len(classes))}
    return {"mean": np.zeros((2, d)), "log_var": np.zeros((2, d)), **blocks, **labels}


@pytest.mark.parametrize(
    "other, words",
    [
        ((codes(3), 8), "version between two batches, from 7 to 8"),
        ((codes(4), 7), r"outputs .*from {'mean': \(3,\), .*} to {'mean': \(4,\), .*}"),
        ((codes(3, [5, 4]), 7), r"outputs .*from {'mean': \(3,\), 'log_var': \(3,\)} to .*'probs_1': \(4,\)"),
    ],
)
def test_batches_of_two_models_are_no_answer(other, words, images, monkeypatch):
    answers = iter([(codes(3), 7), (codes(3), 7), other])
    monkeypatch.setattr(client, "grpc_predict", lambda *args: next(answers))
    with pytest.raises(ServingError, match=f"grpc://localhost:1/vae changed its {words}"):
        client.encode(images[:6], "grpc://localhost:1/vae", batch_size=2)


def test_grpc_tells_the_version(served, images):
    pytest.importorskip("tensorflow_serving")
    with grpc_server(served[1]) as (address, _):
        _, version = client.grpc_predict({"image": images}, f"grpc://{address}/vae", "encode", 10.0)
    assert version == int(served[1].name)


def test_what_says_the_same_is_converted(served, server):
    """Lists, float64 and int64, and files that end in a zero byte are converted; unknown fields are unchanged."""
    url, _ = server
    decoded = client.predict({"mean": [[0.0, 1.0, 2.0]], "label": [3]}, url, "decode")["image"]
    arrays = {"mean": np.array([[0, 1, 2]], "f2"), "label": np.array([3], "i8")}
    np.testing.assert_array_equal(decoded, client.predict(arrays, url, "decode")["image"])
    files = [PNG + b"\0", PNG]
    assert [len(file) for file in client.convert_input("image_bytes", files)] == [len(PNG) + 1, len(PNG)]
    assert client.convert_input("image_bytes", np.array(files, object)).tolist() == files
    assert client.convert_input("mask", np.zeros(2, "u1")).dtype == np.uint8
