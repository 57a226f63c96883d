"""The same numbers without vaezoo and Keras, from TensorFlow's tools, from OpenVINO, and from a model server."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from small import small_model

from vaezoo.serving import client, export


@pytest.fixture(scope="module")
def served(images, tmp_path_factory):
    """A model, its version, and the file of images."""
    model = small_model("nonsyn")
    model.fit(images, verbose=0)
    folder = tmp_path_factory.mktemp("served")
    np.save(folder / "images.npy", images)
    return model, export(model, folder / "nonsyn"), folder / "images.npy"


def run(script, *arguments):
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(arguments[0]))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_loads_where_vaezoo_and_keras_are_not_installed(served, images):
    model, version, file = served
    script = """
        import json, sys
        HIDDEN = ("vaezoo", "keras", "tf_keras", "tensorflow_probability")
        sys.modules.update(dict.fromkeys(HIDDEN))  # importing them raises ModuleNotFoundError
        import numpy as np, tensorflow as tf
        for name in HIDDEN:
            try:
                __import__(name)
            except ModuleNotFoundError:
                continue
            raise AssertionError(name)
        assert not [name for name, module in sys.modules.items() if module and name.startswith(HIDDEN)]
        encode = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
        mean = encode(image=tf.constant(np.load(sys.argv[2])))["mean"]
        print(json.dumps(mean.numpy().tolist()))
    """
    mean = json.loads(run(script, version, file).splitlines()[-1])
    np.testing.assert_allclose(mean, model.encode(images).mu, atol=1e-5)


def test_saved_model_cli(served, images, tmp_path):
    model, version, file = served
    cli = Path(sys.executable).with_name("saved_model_cli")
    command = [str(cli), "run", "--dir", str(version), "--tag_set", "serve", "--signature_def", "encode"]
    command += ["--inputs", f"image={file}", "--outdir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    q = model.encode(images)
    np.testing.assert_allclose(np.load(tmp_path / "mean.npy"), q.mu, atol=1e-5)
    np.testing.assert_allclose(np.load(tmp_path / "log_var.npy"), q.log_var, atol=1e-5)


def test_openvino(served, images):
    openvino = pytest.importorskip("openvino")
    model, version, _ = served
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # its default is bfloat16 where the CPU has that
    compiled = openvino.Core().compile_model(openvino.convert_model(str(version)), "CPU", exact)
    outputs = {name: value for key, value in compiled([images]).items() for name in key.get_names()}
    q = model.encode(images)
    np.testing.assert_allclose(outputs["mean"], q.mu, atol=1e-5)
    np.testing.assert_allclose(outputs["log_var"], q.log_var, atol=1e-5)


def free_port():
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def test_tensorflow_model_server(served, images):
    binary = shutil.which("tensorflow_model_server")
    if binary is None:
        pytest.skip("tensorflow_model_server is not on PATH")
    pytest.importorskip("tensorflow_serving")
    model, version, _ = served
    grpc_port, rest_port = free_port(), free_port()
    command = [binary, f"--port={grpc_port}", f"--rest_api_port={rest_port}", "--model_name=nonsyn"]
    server = subprocess.Popen([*command, f"--model_base_path={version.parent}"])
    try:
        rest = f"http://127.0.0.1:{rest_port}/v1/models/nonsyn"
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                status = json.loads(urllib.request.urlopen(rest, timeout=1).read())["model_version_status"]
                if status[0]["state"] == "AVAILABLE":
                    break
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        for url in (rest, f"grpc://127.0.0.1:{grpc_port}/nonsyn"):
            np.testing.assert_allclose(client.encode(images, url)["mean"], model.encode(images).mu, atol=1e-5)
            with pytest.raises(client.ServingError, match="image"):
                client.predict({"image": images * np.float32(255)}, url, "encode")
    finally:
        server.terminate()
        server.wait()
