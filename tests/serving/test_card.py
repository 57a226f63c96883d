"""What lies beside the SavedModel: the model card and the warm-up requests."""

import hashlib
import json
import sys

import numpy as np
import pytest
import tensorflow as tf
from c_session import Session
from small import small_model

from vaezoo.serving import about_run, export

WARMUP = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run, as training writes it."""
    folder = tmp_path_factory.mktemp("run")
    config = {
        "model": "vae",
        "dataset": "/home/someone/shapes.npz",
        "origin": "file shapes.npz",
        "steps": 40,
        "seed": 3,
    }
    (folder / "config.json").write_text(json.dumps({**config, "log_every": 20}))
    (folder / "metrics.csv").write_text("step,kl_z,loss\n20,9.5,70.25\n40,8.5,60.125\n")
    return folder


@pytest.fixture(scope="module")
def version(run, tmp_path_factory):
    model = small_model("beta_vae", beta=2.5, latents={"gaussian": 3, "categorical": [4]})
    return export(model, tmp_path_factory.mktemp("models") / "shapes", about=about_run(run))


def test_for_programs(version):
    card = json.loads((version / "model.json").read_text())
    assert (card["name"], card["model"], card["image_shape"]) == ("shapes", "BetaVAE", [8, 8, 1])
    assert "beta" in card["equation"] and card["hyperparameters"]["beta"] == 2.5
    assert card["latents"] == {"gaussian": 3, "categorical": [4]}
    assert card["training"] == {"dataset": "shapes.npz", "origin": "file shapes.npz", "steps": 40, "seed": 3}
    assert card["scores"] == {"step": 40, "kl_z": 8.5, "loss": 60.125}
    assert card["packages"]["tensorflow"] == tf.__version__
    variables = (version / "variables" / "variables.data-00000-of-00001").read_bytes()
    assert card["variables_sha256"] == hashlib.sha256(variables).hexdigest()
    assert card["signatures"]["encode"]["inputs"] == {"image": {"dtype": "float32", "shape": [-1, 8, 8, 1]}}
    assert card["signatures"]["encode"]["outputs"]["probs"] == {"dtype": "float32", "shape": [-1, 4]}
    assert not [name for name in card["signatures"] if name.startswith("__")]


def test_for_people(version):
    page = (version / "README.md").read_text()
    card = json.loads((version / "model.json").read_text())
    for words in ("BetaVAE", "| beta | 2.5 |", "file shapes.npz", "| loss | 60.125 |", card["variables_sha256"]):
        assert words in page
    for name, sides in card["signatures"].items():
        for field in [*sides["inputs"], *sides["outputs"]] if name != "serving_default" else []:
            assert any(line.startswith(f"| {name} |") and f"| {field} |" in line for line in page.splitlines())
    assert "| encode | output | probs | float32 | [N, 4] |" in page
    assert "v1/models/shapes:predict" in page and "/home" not in page and "{" + "name" not in page


def test_the_curl_of_the_page_asks_what_the_server_knows(version):
    page = (version / "README.md").read_text()
    body = page[page.index("-d '") + 4 :].split("```")[0].strip().removesuffix("'")
    request = json.loads(body.replace("'$(base64 -w0 picture.png)'", "AAAA"))
    known = json.loads((version / "model.json").read_text())["signatures"][request["signature_name"]]
    assert [set(instance) for instance in request["instances"]] == [set(known["inputs"])]


def test_equal_weights_have_an_equal_hash(tmp_path):
    def sha(seed):
        version = export(small_model("vae", seed=seed), tmp_path)
        return json.loads((version / "model.json").read_text())["variables_sha256"]

    assert sha(1) != sha(2)


def test_without_a_run_the_card_says_so(tmp_path):
    assert about_run(tmp_path) == {}
    page = (export(small_model("vae"), tmp_path / "m") / "README.md").read_text()
    assert page.count("not recorded") == 2


def test_warmup_requests_are_answered(version):
    """Replayed as the server does: every record is a valid request for a signature, and each signature has some."""
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    session, asked = Session(version), set()
    for record in tf.data.TFRecordDataset(str(version / WARMUP)):
        request = apis.PredictionLog.FromString(record.numpy()).predict_log.request
        assert request.model_spec.name == "shapes"
        inputs = {name: parsed(value) for name, value in request.inputs.items()}
        outputs = session(request.model_spec.signature_name, **inputs)
        rows = {len(value) for value in [*inputs.values(), *outputs.values()]}
        assert len(rows) == 1
        asked.add((request.model_spec.signature_name, *rows))
    session.close()
    signatures = json.loads((version / "model.json").read_text())["signatures"]
    assert asked == {(name, batch) for name in signatures for batch in (1, 32)}
    assert len((version / WARMUP).read_bytes()) < 5000


def parsed(proto):
    """A tensor as the server's C++ reads it."""
    dtype = tf.as_dtype(proto.dtype)
    return np.asarray(tf.io.parse_tensor(proto.SerializeToString(), dtype))


def test_without_the_extra_there_is_no_warmup(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    version = export(small_model("vae"), tmp_path)
    assert not (version / WARMUP).exists()
    assert json.loads((version / "model.json").read_text())["warm_up"] == []
    assert "tensorflow-serving-api was not installed" in (version / "README.md").read_text()
