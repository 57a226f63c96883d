"""Equal outputs without vaezoo and Keras, in TensorFlow's tools, OpenVINO and a model server."""

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
from c_session import Session
from small import small_model
from tensorflow.core.protobuf import saved_model_pb2

import vaezoo
from vaezoo.serving import client, export
from vaezoo.serving.endpoints import block_names

CONFIG = Path(vaezoo.__path__[0]) / "serving" / "config"


@pytest.fixture(scope="module")
def served(images, tmp_path_factory):
    """A version of a hybrid model, and the inputs and expected outputs of two signatures."""
    model = small_model("imae", latents={"gaussian": 3, "categorical": [4]})
    model.fit(images, verbose=0)
    q = model.encode(images)
    label = {"label": np.argmax(q.probs[0], axis=-1).astype(np.int32)}
    asked = {"encode": {"image": images}, "decode": {"mean": np.asarray(q.mu), **label}}
    codes = {"mean": q.mu, "log_var": q.log_var, "probs": q.probs[0], **label}
    expected = {"encode": codes, "decode": {"image": model.reconstruct(images)}}
    folder = tmp_path_factory.mktemp("served") / "nonsyn"  # which the shipped configuration names
    return export(model, folder), asked, expected


def equal(outputs, expected):
    assert set(outputs) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name], value, atol=1e-5)


signatures = pytest.mark.parametrize("signature", ["encode", "decode"])


def test_it_loads_where_vaezoo_and_keras_are_not_installed(served, tmp_path):
    version, asked, expected = served
    asked, expected = ({**known, "serving_default": known["encode"]} for known in (asked, expected))
    for signature, inputs in asked.items():
        np.savez(tmp_path / f"{signature}.npz", **inputs)
    script = """
        import sys
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
        signatures = tf.saved_model.load(sys.argv[1]).signatures
        for signature in ("serving_default", "encode", "decode"):
            inputs = {name: tf.constant(value) for name, value in np.load(signature + ".npz").items()}
            np.savez(signature + "-out.npz", **signatures[signature](**inputs))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(version)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for signature, values in expected.items():
        equal(np.load(tmp_path / f"{signature}-out.npz"), values)


@pytest.mark.parametrize("preset, options", [("nonsyn_dsprites", {}), ("imae_mnist", {"dataset_size": 60000})])
def test_convolutions_and_batch_norm_without_python(preset, options, tmp_path):
    """The networks of presets, with weights changed from their initial values."""
    model, rng = vaezoo.create(preset, seed=0, **options), np.random.default_rng(0)
    for variable in [*model.encoder.weights, *model.decoder.weights]:
        variable.assign(1.5 * variable + (0.2 * rng.random(variable.shape, np.float32) if variable.ndim == 1 else 0))
    assert any("moving" in weight.name for weight in model.encoder.weights) == (preset == "imae_mnist")
    images = np.linspace(0, 1, 4, dtype=np.float32).reshape(4, 1, 1, 1) * rng.random((4, *model.image_shape), "f")
    q, reconstructed = model.encode(images), model.reconstruct(images)
    assert min(np.std(values, axis=0).max() for values in (q.mu, reconstructed)) > 1e-3  # not one answer to all
    codes = {"mean": q.mu, "log_var": q.log_var}
    for name, label, probs in zip(*(block_names(x, len(q.probs)) for x in ("probs", "label")), q.probs, strict=True):
        codes |= {name: probs, label: np.argmax(probs, axis=-1).astype(np.int32)}
    code = {name: np.asarray(codes[name]) for name in codes if name.startswith(("mean", "label"))}
    session = Session(export(model, tmp_path))
    equal(session("encode", image=images), codes)
    equal(session("decode", **code), {"image": reconstructed})
    equal(session("reconstruct", image=images), {"image": reconstructed})
    still = {"latent": np.zeros(4, np.int32), "values": code["mean"][:, :1]}  # where it is already
    equal(session("traverse", image=images, **still), {"image": reconstructed[:, None]})
    terms = {**model.kl_terms(q), "reconstruction": -model.decode(q.mode()).log_prob(images)}
    scores = session("score", image=images)
    for name, value in {**terms, "elbo": -sum(terms.values())}.items():
        np.testing.assert_allclose(scores[name], value, rtol=1e-4)
    session.close()


@signatures
def test_saved_model_cli(served, signature, tmp_path):
    version, asked, expected = served
    for name, value in asked[signature].items():
        np.save(tmp_path / f"{name}-in.npy", value)
    cli = Path(sys.executable).with_name("saved_model_cli")
    command = [str(cli), "run", "--dir", str(version), "--tag_set", "serve", "--signature_def", signature]
    command += ["--inputs", ";".join(f"{name}={tmp_path / name}-in.npy" for name in asked[signature])]
    done = subprocess.run([*command, "--outdir", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    equal({name: np.load(tmp_path / f"{name}.npy") for name in expected[signature]}, expected[signature])


@signatures
def test_openvino(served, signature, tmp_path):
    """OpenVINO reads `serving_default` only, so the signature is copied there."""
    openvino = pytest.importorskip("openvino")
    version, asked, expected = served
    folder = shutil.copytree(version, tmp_path / "1")
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    known = saved.meta_graphs[0].signature_def
    known["serving_default"].CopyFrom(known[signature])
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # its default is bfloat16 where the CPU has that
    compiled = openvino.Core().compile_model(str(folder), "CPU", exact)
    outputs = compiled(asked[signature])
    equal({name: value for key, value in outputs.items() for name in key.get_names()}, expected[signature])


def free_port():
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def test_tensorflow_model_server(served, images, tmp_path):
    """The shipped configuration is used, with /models replaced by the folder of the test."""
    binary = shutil.which("tensorflow_model_server")
    if binary is None:
        pytest.skip("tensorflow_model_server is not on PATH")
    pytest.importorskip("tensorflow_serving")
    version, asked, expected = served
    config = CONFIG / "models.config"
    (tmp_path / config.name).write_text(config.read_text().replace("/models/", f"{version.parents[1]}/"))
    grpc_port, rest_port = free_port(), free_port()
    command = [binary, f"--port={grpc_port}", f"--rest_api_port={rest_port}", "--enable_batching=true"]
    command += [f"--model_config_file={tmp_path / config.name}"]
    server = subprocess.Popen([*command, f"--batching_parameters_file={CONFIG / 'batching.config'}"])
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
            for signature, inputs in asked.items():
                equal(client.predict(inputs, url, signature), expected[signature])
            tiled = client.encode(np.tile(images, (15, 1, 1, 1)), url, batch_size=720)  # is split and put together
            np.testing.assert_allclose(tiled["mean"], np.tile(expected["encode"]["mean"], (15, 1)), atol=1e-5)
            with pytest.raises(client.ServingError, match="image"):
                client.predict({"image": images * np.float32(255)}, url, "encode")
    finally:
        server.terminate()
        server.wait()
