"""Invalid responses of a server, over REST and gRPC, raise errors."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

from vaezoo.serving import client, transport
from vaezoo.serving.client import ServingError
from vaezoo.serving.response_validation import validate_response

IMAGE = np.zeros((4, 8, 8, 1), np.float32)
LATENT, VALUES = np.zeros(4, np.int32), np.zeros((4, 5), np.float32)
GOOD = {
    "encode": {
        "mean": np.zeros((4, 3), np.float32),
        "log_var": np.ones((4, 3), np.float32),
        "probs_0": np.full((4, 2), 0.5, np.float32),
        "label_0": np.array([0, 1, 1, 0], np.int32),
        "probs_1": np.full((4, 5), 0.2, np.float32),
        "label_1": np.full(4, 4, np.int32),
    },
    "reconstruct": {"image": IMAGE + 0.5},
    "traverse": {"image": np.full((4, 5, 8, 8, 1), 0.5, np.float32)},
    "score": {name: np.arange(4, dtype=np.float32) for name in ("reconstruction", "kl_z", "kl_y", "elbo")},
    "decode": {"image": IMAGE + 0.5},
}
INPUTS = {
    **dict.fromkeys(("encode", "reconstruct", "score"), {"image": IMAGE}),
    "traverse": {"image": IMAGE, "latent": LATENT, "values": VALUES},
    "decode": {"mean": GOOD["encode"]["mean"], "label_0": LATENT, "label_1": LATENT},
}


def rest(outputs, monkeypatch):
    """Simulates a REST server that always returns these outputs, without a name if there is only one."""
    plain = {name: np.asarray(value).tolist() for name, value in outputs.items()}
    said = json.dumps({"outputs": plain if len(plain) != 1 else next(iter(plain.values()))})
    monkeypatch.setattr(transport, "send", lambda *args: (200, said.encode()))
    return "http://localhost:1/v1/models/vae"


def grpc(outputs, monkeypatch):
    """Simulates a PredictionService that always returns these outputs."""
    service = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2_grpc")
    apis = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    answer = apis.PredictResponse()
    for name, value in outputs.items():
        proto = value if isinstance(value, TensorProto) else tf.make_tensor_proto(value)
        answer.outputs[name].CopyFrom(proto)

    class Stub:
        def __init__(self, channel):
            pass

        def Predict(self, request, timeout):  # noqa: N802
            return answer

    monkeypatch.setattr(service, "PredictionServiceStub", Stub)
    return "grpc://localhost:1/vae"


def changed(signature="encode", **fields):
    outputs = {**GOOD[signature], **fields}
    return {name: value for name, value in outputs.items() if value is not None}


each_protocol = pytest.mark.parametrize("server", [rest, grpc])


@each_protocol
@pytest.mark.parametrize("signature", GOOD)
def test_possible_answers_are_returned(server, signature, monkeypatch):
    url = server(GOOD[signature], monkeypatch)
    outputs = client.predict(INPUTS[signature], url, signature)
    assert outputs.keys() == GOOD[signature].keys()
    for name, value in GOOD[signature].items():
        assert outputs[name].dtype == value.dtype
        np.testing.assert_array_equal(outputs[name], value)


NAN, SHORT = np.full((4, 3), np.nan, np.float32), np.zeros((3, 3), np.float32)
IMPOSSIBLE = [
    ("encode", {}, "outputs must be log_var, mean. Received: none"),
    ("encode", changed(mean=None), "outputs must be log_var, mean. Received: label_0, .*log_var"),
    ("encode", changed(extra=VALUES), "outputs must be log_var, mean. Received: extra, "),
    ("encode", changed("score"), "outputs must be log_var, mean. Received: elbo"),
    ("encode", changed(mean=SHORT, log_var=SHORT), r"`log_var` must be \[N, d\] with N = 4. Received: \[3, 3\]"),
    (
        "encode",
        {name: np.repeat(value, 2, 0) for name, value in GOOD["encode"].items()},
        r"`label_0` must be \[N\] with N = 4. Received: \[8\]",
    ),
    ("encode", changed(log_var=np.zeros((4, 2), "f4")), r"`log_var` must be \[4, 3\]. Received: \[4, 2\]"),
    ("encode", changed(mean=np.zeros(4, "f4"), log_var=np.zeros(4, "f4")), r"`log_var` must be \[N, d\]"),
    ("encode", changed(mean=np.float32(1)), r"`mean` must be \[N, d\] with N = 4. Received: \[\]"),
    ("encode", changed(mean=np.zeros((4, 0), "f4")), r"`mean` must be .* Received: \[4, 0\]"),
    ("encode", changed(mean=NAN), "`mean` must be finite. Received: NaN"),
    ("encode", changed(log_var=NAN + np.inf), "`log_var` must be finite"),
    ("encode", changed(mean=NAN.astype(bool)), "`mean` must hold numbers alone. Received: bool"),
    ("encode", changed(label_0=np.full(4, 0.7)), "`label_0` must hold integers alone. Received: float"),
    ("encode", changed(label_0=np.full(4, 2)), r"`label_0` must be in 0 \.\.\. 1. Received: 2 \.\.\. 2"),
    ("encode", changed(label_1=np.full(4, -1)), r"`label_1` must be in 0 \.\.\. 4"),
    ("encode", changed(label_1=np.full(4, 2**40)), r"`label_1` must hold integers of 32 bits"),
    ("encode", changed(label_1=np.zeros((4, 1), "i4")), r"`label_1` must be \[N\] with N = 4. Received: \[4, 1\]"),
    ("encode", changed(label_0=None), "`label_0` and `probs_0` must come together"),
    ("encode", changed(probs_1=None), "`label_1` and `probs_1` must come together"),
    ("encode", changed(probs_1=np.full((4, 5), -0.2, "f4")), r"`probs_1` must lie in \[0, 1\]"),
    ("encode", changed(probs_1=np.full((4, 5), 1.5, "f4")), r"`probs_1` must lie in \[0, 1\]"),
    ("score", changed("score", elbo=None), "outputs must be elbo, kl_z, reconstruction"),
    ("score", changed("score", kl_y=np.zeros((4, 1), "f4")), r"`kl_y` must be \[N\] with N = 4. Received: \[4, 1\]"),
    ("reconstruct", {"image": IMAGE[:, :4]}, r"`image` must be \[4, 8, 8, 1\]. Received: \[4, 4, 8, 1\]"),
    ("reconstruct", {"image": np.float32(3)}, r"`image` must be \[N, H, W, C\] with N = 4. Received: \[\]"),
    ("decode", {"image": IMAGE[0]}, r"`image` must be \[N, H, W, C\] with N = 4. Received: \[8, 8, 1\]"),
    ("traverse", {"image": IMAGE}, r"`image` must be \[N, M, H, W, C\] with N = 4"),
    ("traverse", {"image": np.zeros((4, 6, 8, 8, 1), "f4")}, r"`image` must be \[4, 5, 8, 8, 1\]"),
]


@each_protocol
@pytest.mark.parametrize("signature, outputs, words", IMPOSSIBLE)
def test_impossible_answers_are_errors(server, signature, outputs, words, monkeypatch):
    url = server(outputs, monkeypatch)
    with pytest.raises(ServingError, match=f"{url} gave an impossible answer to '{signature}': .*{words}"):
        client.predict(INPUTS[signature], url, signature)


@pytest.mark.parametrize(
    "said, words",
    [
        ("{}", "no TensorFlow Serving REST API"),
        ("null", "no TensorFlow Serving REST API"),
        ('{"outputs": null}', "Received: image"),
        ('{"outputs": 7}', "Received: image"),
        ('{"outputs": {}}', "Received: none"),
        ('{"outputs": {"mean": null, "log_var": null}}', "`mean` must hold numbers alone. Received: object"),
        ('{"outputs": {"mean": [[null], [0]], "log_var": []}}', "`mean` must hold numbers alone. Received: object"),
        ('{"outputs": {"mean": [["1.5"]], "log_var": []}}', "`mean` must hold numbers alone. Received: <U3"),
        ('{"outputs": {"mean": {"a": 1}, "log_var": []}}', "`mean` must hold numbers alone. Received: object"),
        ('{"outputs": {"mean": [[1e39]], "log_var": []}}', "`mean` must be finite"),  # beyond float32
        ('{"outputs": {"mean": [[-Infinity]], "log_var": []}}', "`mean` must be finite"),
        (f'{{"outputs": {{"mean": [[1{"0" * 400}]], "log_var": []}}}}', "`mean` must hold numbers alone"),
        ('{"outputs": ' + "[" * 10**5, "no TensorFlow Serving REST API"),
        ('{"outputs": ' + '{"a": ' * 10**5, "no TensorFlow Serving REST API"),
        (f'{{"outputs": {{"mean": {"[" * 500}1{"]" * 500}, "log_var": []}}}}', "too many axes|alone. Received: object"),
    ],
)
def test_what_json_can_say_and_arrays_cannot(said, words, monkeypatch):
    monkeypatch.setattr(transport, "send", lambda *args: (200, said.encode()))
    with pytest.raises(ServingError, match=words):
        client.encode(IMAGE[:1], "http://localhost:1/v1/models/vae")


def tensor(shape):
    proto = tf.make_tensor_proto(np.zeros(1, "f4"))
    proto.ClearField("tensor_shape")
    proto.ClearField("tensor_content")
    for side in shape:
        proto.tensor_shape.dim.add(size=side)
    return proto


@pytest.mark.parametrize(
    "proto, words",
    [
        (tensor([4, 10**11]), r"`mean` must be of at most 536,870,912 numbers. Received: \[4, 100000000000\]"),
        (tensor([4, -3]), r"`mean` must be of at most .* Received: \[4, -3\]"),
        (TensorProto(dtype=1, tensor_content=b"xyz"), "impossible answer"),
        (TensorProto(dtype=0), "impossible answer"),
        (TensorProto(dtype=20), "impossible answer"),  # a resource
        (tf.make_tensor_proto([["a"] * 3] * 4), "`mean` must hold numbers alone. Received: object"),
    ],
)
def test_malformed_protocol_buffers(proto, words, monkeypatch):
    url = grpc(changed(mean=proto), monkeypatch)
    with pytest.raises(ServingError, match=words):
        client.predict(INPUTS["encode"], url, "encode")


def test_another_signature_is_free_in_names_and_dtypes():
    """The number of rows and finiteness are validated for any signature."""
    given = {"text": np.array([b"a", b"b"], object), "count": np.array([2**40, 1]), "mean": np.zeros((2, 1, 1), "f8")}
    found = validate_response(given, {"image": IMAGE[:2]}, "custom")
    assert {name: value.dtype for name, value in found.items()} == {n: value.dtype for n, value in given.items()}
    with pytest.raises(ValueError, match=r"`count` must be \[N, ...\] with N = 4"):
        validate_response(given, {"image": IMAGE}, "custom")
    with pytest.raises(ValueError, match="`mean` must be finite"):
        validate_response({"mean": NAN}, {"image": IMAGE}, "custom")
