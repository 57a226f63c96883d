"""The warm-up requests of a version."""

import json
import sys

import numpy as np
import pytest
import tensorflow as tf
from c_session import Session
from small import small_model

from vaezoo.serving import export

WARMUP = "assets.extra/tf_serving_warmup_requests"


def parse(proto):
    """Converts a TensorProto as the C++ code of the server does."""
    return np.asarray(tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)))


def test_warmup_requests_are_answered(tmp_path):
    """Every record is a valid request, and every signature has requests."""
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    version = export(small_model("vae", latents={"gaussian": 3, "categorical": [4]}), tmp_path / "shapes")
    session, asked = Session(version), set()
    for record in tf.data.TFRecordDataset(str(version / WARMUP)):
        request = apis.PredictionLog.FromString(record.numpy()).predict_log.request
        assert request.model_spec.name == "shapes"
        inputs = {name: parse(value) for name, value in request.inputs.items()}
        outputs = session(request.model_spec.signature_name, **inputs)
        rows = {len(value) for value in [*inputs.values(), *outputs.values()]}
        assert len(rows) == 1
        asked.add((request.model_spec.signature_name, *rows))
    session.close()
    signatures = json.loads((version / "model.json").read_text())["signatures"]
    assert asked == {(name, batch) for name in signatures for batch in (1, 32)}
    assert len((version / WARMUP).read_bytes()) < 5000


def test_without_the_extra_there_is_no_warmup(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    version = export(small_model("vae"), tmp_path)
    assert not (version / WARMUP).exists()
    assert json.loads((version / "model.json").read_text())["warm_up"] == []
    assert "tensorflow-serving-api was not installed" in (version / "README.md").read_text()
