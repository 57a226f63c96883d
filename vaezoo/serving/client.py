"""Asking a model server, over REST or gRPC.

from vaezoo.serving import client
client.encode(images, "http://localhost:8501/v1/models/nonsyn")["mean"]     # REST
client.encode(images, "grpc://localhost:8500/nonsyn")["mean"]               # gRPC
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaezoo.extras import extra
from vaezoo.serving.answers import checked

DTYPES = {
    "image": "float32",
    "mean": "float32",
    "values": "float32",
    "latent": "int32",
    "label": "int32",
    "image_bytes": "bytes",
}
NAME = r"\w[^/:]*"
MOST_NUMBERS = 2**29  # of four bytes, in a message of protocol buffers, which is below 2 GiB
SAFE = "/:%@!$&'()*+,;="  # in the path of a URL; the rest of a name is escaped, which the server undoes
URL = re.compile(
    rf"https?://[^/]+(/[^/:]+)*/v1/models/{NAME}(/versions/\d+|/labels/{NAME})?/?"
    rf"|grpc://[^/]+/{NAME}(/\d+|/labels/{NAME})?/?"
)


class ServingError(RuntimeError):
    """A server could not be reached in time, refused, or gave an impossible answer; says which, and what it said."""


def encode(
    images: npt.ArrayLike | Sequence[bytes], url: str, *, timeout: float = 10.0, batch_size: int = 64
) -> dict[str, np.ndarray]:
    """Codes of images: mean, log_var [N, d], and per categorical block probs [N, K] and label [N].

    images: floats [N, H, W, C] in [0, 1]; or the contents of N PNG or JPEG files. The rest as in `predict`.
    """
    if isinstance(images, Sequence) and images and all(isinstance(file, bytes) for file in images):
        return predict({"image_bytes": images}, url, "encode_bytes", timeout, batch_size)
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype.kind != "f" or not len(images):
        raise ValueError(
            f"`images` must be floats [N, H, W, C], or bytes of N files. Received: {images.dtype} {images.shape}"
        )
    if not (images.min() >= 0 and images.max() <= 1):  # written so that NaN fails
        raise ValueError(f"`images` must lie in [0, 1]. Received values from {images.min()} to {images.max()}")
    return predict({"image": images}, url, "encode", timeout, batch_size)


def predict(
    inputs: Mapping[str, npt.ArrayLike], url: str, signature: str, timeout: float = 10.0, batch_size: int = 64
) -> dict[str, np.ndarray]:
    """The outputs of a signature, from inputs that all have N rows, sent `batch_size` rows at a time.

    url: http(s)://host:port/v1/models/name, perhaps with a gateway's path before /v1, or grpc://host:port/name; a
    version with /versions/3 or /3 at the end, a label with /labels/canary. A server may load another version between
    two batches: gRPC tells, and ServingError names both; REST does not, so name a version where there are many batches.
    timeout: of each request, in seconds; over REST, of the server's silence.
    Raises ValueError for inputs of other dtypes or numbers of rows, and for another URL; ServingError where the server
    does not answer, refuses, changes the model or answers what cannot be (other rows than were sent, outputs that the
    signature does not have, numbers that are not finite: see `answers.checked`); ImportError for gRPC without
    tensorflow-serving-api.
    """
    inputs = {name: typed(name, value) for name, value in inputs.items()}
    rows = {name: len(value) if value.ndim else 0 for name, value in inputs.items()}
    if len(set(rows.values())) != 1 or not all(rows.values()):
        raise ValueError(f"`inputs` must all have the same number of rows, at least 1. Received: {rows}")
    if batch_size < 1 or timeout <= 0:
        raise ValueError(f"`batch_size` and `timeout` must be positive. Received: {batch_size}, {timeout}")
    if not URL.fullmatch(url):
        raise ValueError(f"`url` must be http://host:port/v1/models/name or grpc://host:port/name. Received: {url!r}")
    ask = grpc_predict if url.startswith("grpc:") else rest_predict
    answers = []
    for i in range(0, next(iter(rows.values())), batch_size):
        batch = {name: value[i : i + batch_size] for name, value in inputs.items()}
        outputs, version = ask(batch, url, signature, timeout)
        try:
            answers.append((checked(outputs, batch, signature), version))
        except ValueError as error:
            raise ServingError(f"{url} gave an impossible answer to {signature!r}: {error}") from error
    return joined(answers, url)


def joined(answers: Sequence[tuple[dict[str, np.ndarray], int | None]], url: str) -> dict[str, np.ndarray]:
    """The outputs of all batches, one after another. Raises ServingError where they are not of one model."""
    outputs, versions = zip(*answers, strict=True)
    shapes = [{name: value.shape[1:] for name, value in output.items()} for output in outputs]
    for what, (first, *others) in {"version": versions, "outputs": shapes}.items():
        for other in others:
            if other != first:
                raise ServingError(f"{url} changed its {what} between two batches, from {first} to {other}")
    return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}


def typed(name: str, value: npt.ArrayLike) -> np.ndarray:
    """An input with the dtype of its field. Raises ValueError where that would say something else.

    Fields that are not in DTYPES pass as they are. NumPy's own bytes are refused: they lose the zeros at their end.
    """
    expected = DTYPES.get(name.rstrip("_0123456789"))
    if expected == "bytes":
        value = value if isinstance(value, np.ndarray) else np.array(value, object)
        came = sorted({type(file).__name__ for file in value.flat}) if value.dtype == object else [str(value.dtype)]
        if came in ([], ["bytes"]):
            return value
        raise ValueError(f"`{name}` must be bytes objects. Received: {', '.join(came)}")
    value = np.asarray(value)
    if expected is None:
        return value
    if np.can_cast(value.dtype, expected, "same_kind"):
        converted = value.astype(expected)
        if expected == "float32" or np.array_equal(converted, value):
            return converted
    raise ValueError(f"`{name}` must be {expected}. Received: {value.dtype} {value.shape}")


def rest_predict(
    inputs: Mapping[str, np.ndarray], url: str, signature: str, timeout: float
) -> tuple[dict[str, Any], None]:
    """The outputs of one request of TensorFlow Serving's REST API, in its columnar format; no version is told.

    They are lists as the server sent them, not checked.
    """
    body = json.dumps({"signature_name": signature, "inputs": {name: as_json(value) for name, value in inputs.items()}})
    host, path = re.fullmatch(r"(https?://[^/]+)(.*?)/?", url).groups()
    address = f"{host}{urllib.parse.quote(path, safe=SAFE)}:predict"
    request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    try:
        status, answer = answer_to(request, timeout)
        if status != 200:
            raise ServingError(f"{url} refused {signature!r} with status {status}: {answer.decode(errors='replace')}")
        outputs = json.loads(answer)["outputs"]
    except (OSError, http.client.HTTPException) as error:
        raise ServingError(f"No answer from {url} (time-out: {timeout} s): {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ServingError(f"{url} is no TensorFlow Serving REST API: its answer has no outputs.") from error
    # The server leaves out the name of a single output, here always image.
    return outputs if isinstance(outputs, dict) else {"image": outputs}, None


def answer_to(request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
    """The status and the body of an answer, whatever the status."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def grpc_predict(
    inputs: Mapping[str, np.ndarray], url: str, signature: str, timeout: float
) -> tuple[dict[str, np.ndarray], int]:
    """The outputs of one request of TensorFlow Serving's PredictionService, and the version that answered."""
    with extra("serving"):
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
    parts = urllib.parse.urlsplit(url)
    name, _, version = parts.path.strip("/").partition("/")
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if version.startswith("labels/"):
        request.model_spec.version_label = version.removeprefix("labels/")
    elif version:
        request.model_spec.version.value = int(version)
    for field, value in inputs.items():
        request.inputs[field].CopyFrom(tf.make_tensor_proto(value))
    sizes = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(parts.netloc, options=sizes) as channel:
        try:
            answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)
        except grpc.RpcError as error:
            code = error.code()
            if code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                raise ServingError(f"No answer from {url} (time-out: {timeout} s): {error.details()}") from error
            raise ServingError(f"{url} refused {signature!r} with status {code.name}: {error.details()}") from error
    try:
        outputs = {field: tf.make_ndarray(sent(field, value)) for field, value in answer.outputs.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise ServingError(f"{url} gave an impossible answer to {signature!r}: {error}") from error
    return outputs, answer.model_spec.version.value


def sent(field: str, tensor: Any) -> Any:
    """Returns `tensor`, a TensorProto. Raises ValueError for a shape of more numbers than a message can bring.

    One value may stand for all that follow, so that a few bytes can claim any amount of memory.
    """
    shape = [axis.size for axis in tensor.tensor_shape.dim]
    if min(shape, default=0) < 0 or math.prod(shape) > MOST_NUMBERS:
        raise ValueError(f"`{field}` must be of at most {MOST_NUMBERS:,} numbers. Received: {shape}")
    return tensor


def as_json(value: np.ndarray) -> list[Any]:
    """Numbers as lists, and bytes as the server takes them."""
    if value.dtype.kind != "O":
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]
