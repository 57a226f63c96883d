"""Single requests to TensorFlow Serving, over REST or gRPC."""

from __future__ import annotations

import base64
import http.client
import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaezoo.extras import extra

MAX_ELEMENTS = 2**29  # of four bytes each, in a protocol buffer message, which is below 2 GiB
SAFE = "/:%@!$&'()*+,;="  # characters in the path of a URL that are not percent-encoded


class ServingError(RuntimeError):
    """Raised if a server does not respond in time, refuses a request, or sends an invalid response."""


def rest_predict(
    inputs: Mapping[str, np.ndarray], url: str, signature: str, timeout: float
) -> tuple[dict[str, Any], None]:
    """Sends one request to TensorFlow Serving's REST API, in its columnar format.

    Args:
        inputs: inputs by name.
        url: address of the model.
        signature: name of the signature.
        timeout: in seconds.

    Returns:
        The outputs by name, as nested lists, not validated; and None, because a response contains no version.

    Raises:
        ServingError: if the server does not respond, or responds with another status than 200 or without outputs.
    """
    body = json.dumps({"signature_name": signature, "inputs": {name: to_json(value) for name, value in inputs.items()}})
    host, path = re.fullmatch(r"(https?://[^/]+)(.*?)/?", url).groups()
    address = f"{host}{urllib.parse.quote(path, safe=SAFE)}:predict"
    request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    try:
        status, body = send(request, timeout)
        if status != 200:
            raise ServingError(f"{url} refused {signature!r} with status {status}: {body.decode(errors='replace')}")
        outputs = json.loads(body)["outputs"]
    except (OSError, http.client.HTTPException) as error:
        raise ServingError(f"No answer from {url} (time-out: {timeout} s): {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ServingError(f"{url} is no TensorFlow Serving REST API: its answer has no outputs.") from error
    # The server omits the name of a single output, which is image in every signature of vaezoo.
    return outputs if isinstance(outputs, dict) else {"image": outputs}, None


def send(request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
    """Sends an HTTP request, and returns the status and the body of the response, whatever the status."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def grpc_predict(
    inputs: Mapping[str, np.ndarray], url: str, signature: str, timeout: float
) -> tuple[dict[str, np.ndarray], int]:
    """Sends one request to TensorFlow Serving's PredictionService.

    Args:
        inputs: inputs by name.
        url: address of the model.
        signature: name of the signature.
        timeout: in seconds.

    Returns:
        The outputs by name, not validated, and the version of the model.

    Raises:
        ServingError: if the server does not respond, refuses the request, or sends malformed tensors.
        MissingExtraError: if tensorflow-serving-api is not installed.
    """
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
            response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)
        except grpc.RpcError as error:
            code = error.code()
            if code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                raise ServingError(f"No answer from {url} (time-out: {timeout} s): {error.details()}") from error
            raise ServingError(f"{url} refused {signature!r} with status {code.name}: {error.details()}") from error
    try:
        outputs = {field: tf.make_ndarray(check_size(field, value)) for field, value in response.outputs.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise ServingError(f"{url} gave an impossible answer to {signature!r}: {error}") from error
    return outputs, response.model_spec.version.value


def check_size(field: str, tensor: Any) -> Any:
    """Checks that a tensor has no more elements than a message can contain.

    A TensorProto may store one value for all elements, so that a few bytes can claim any amount of memory.

    Args:
        field: name of the output, for the error message.
        tensor: a TensorProto.

    Returns:
        `tensor`, unchanged.

    Raises:
        ValueError: if its shape has too many elements or a negative size.
    """
    shape = [axis.size for axis in tensor.tensor_shape.dim]
    if min(shape, default=0) < 0 or math.prod(shape) > MAX_ELEMENTS:
        raise ValueError(f"`{field}` must be of at most {MAX_ELEMENTS:,} numbers. Received: {shape}")
    return tensor


def to_json(value: np.ndarray) -> list[Any]:
    """Converts an array to nested lists, and bytes to base64 objects, as TensorFlow Serving's REST API expects them."""
    if value.dtype.kind != "O":
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]
