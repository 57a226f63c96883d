"""The server of the page."""

import http.client
import json
import threading

import numpy as np
import pytest
from small import small_model

from vaezoo.data import from_arrays
from vaezoo.explore import serve


@pytest.fixture(scope="module")
def served(images, tmp_path_factory):
    """A running server, and its model, a hybrid one with a Gaussian likelihood."""
    folder = tmp_path_factory.mktemp("served") / "run"
    folder.mkdir()
    model = small_model("joint_vae", latents={"gaussian": 3, "categorical": (4, 2)}, likelihood="gaussian")
    model.save(folder / "model.keras")
    (folder / "config.json").write_text(json.dumps({"dataset": "shapes"}))
    with serve([folder], dataset=from_arrays(images, np.arange(48) % 3)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server, model
        server.shutdown()
        thread.join()


def request(server, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_arrays_are_those_of_the_model(served, images):
    server, model = served
    q = model.encode(images[:1])
    status, content = request(server, "POST", "/encode/0", images[0].astype("<f4").tobytes())
    expected = np.concatenate([q.mu[0], q.log_var[0], *(probs[0] for probs in q.probs)])
    assert status == 200
    np.testing.assert_allclose(np.frombuffer(content, "<f4"), expected, atol=1e-6)
    code = np.array([0.5, -1, 2, 0, 0, 1, 0, 1, 0], np.float32)
    status, content = request(server, "POST", "/decode/0", code.tobytes())
    expected = model.decode(code[None]).mean().numpy().ravel()
    np.testing.assert_allclose(np.frombuffer(content, "<f4"), expected, atol=1e-6)


def test_the_page_asks_its_own_server_alone(served):
    status, content = request(served[0], "GET", "/")
    assert status == 200 and b"connect-src 'self'" in content and b'"decoder"' not in content


@pytest.mark.parametrize(
    "method, path, body, headers, status, words",
    [
        ("GET", "/etc/passwd", None, {}, 404, b"Expected the path /"),
        ("POST", "/decode/1", b"", {}, 404, b"Expected one of /encode/0, /decode/0"),
        ("POST", "/decode/0", b"1234", {}, 400, b"Expected 9 numbers of float32. Received: 4 bytes"),
        ("POST", "/decode/0", np.full(9, np.nan, "<f4").tobytes(), {}, 400, b"finite"),
        ("GET", "/", None, {"Host": "evil.example"}, 403, b"Expected the address http://127.0.0.1:"),
        ("POST", "/decode/0", np.zeros(9, "<f4").tobytes(), {"Host": "evil.example"}, 403, b"Expected the address"),
    ],
)
def test_other_requests_are_refused(served, method, path, body, headers, status, words):
    answered, content = request(served[0], method, path, body, **headers)
    assert answered == status and words in content


def test_a_port_in_use_is_an_error(served, images, tmp_path):
    small_model("vae").save(tmp_path / "vae.keras")
    with pytest.raises(OSError, match="in use"):
        serve([tmp_path / "vae.keras"], port=served[0].server_address[1], dataset=from_arrays(images))
