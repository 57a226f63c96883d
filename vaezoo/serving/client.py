"""A client for model servers, over REST or gRPC.

from vaezoo.serving import client
client.encode(images, "http://localhost:8501/v1/models/nonsyn")["mean"]     # REST
client.encode(images, "grpc://localhost:8500/nonsyn")["mean"]               # gRPC
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vaezoo.serving.response_validation import validate_response
from vaezoo.serving.transport import ServingError, grpc_predict, rest_predict

DTYPES = {
    "image": "float32",
    "mean": "float32",
    "values": "float32",
    "latent": "int32",
    "label": "int32",
    "image_bytes": "bytes",
}
NAME = r"\w[^/:]*"
URL = re.compile(
    rf"https?://[^/]+(/[^/:]+)*/v1/models/{NAME}(/versions/\d+|/labels/{NAME})?/?"
    rf"|grpc://[^/]+/{NAME}(/\d+|/labels/{NAME})?/?"
)


def encode(
    images: npt.ArrayLike | Sequence[bytes], url: str, *, timeout: float = 10.0, batch_size: int = 64
) -> dict[str, np.ndarray]:
    """Requests the codes of images.

    Args:
        images: floats [N, H, W, C] in [0, 1], or the contents of N PNG or JPEG files as bytes.
        url: address of the model, as for `predict`.
        timeout: timeout of each request, in seconds.
        batch_size: images per request.

    Returns:
        `mean` and `log_var` [N, d], and for each categorical block `probs` [N, K] and `label` [N].

    Raises:
        ValueError: if the images have another dtype, shape or range.
        ServingError: as `predict` does.
        ImportError: as `predict` does.
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
    """Requests the outputs of a signature, in batches.

    A server may load another version between two batches. A gRPC response contains the version, so that a change raises
    ServingError; a REST response does not. Name a version in the URL for many batches over REST.

    Args:
        inputs: inputs by name, with N rows each.
        url: http(s)://host:port/v1/models/name, with an optional path before /v1, or grpc://host:port/name. A version
            is appended as /versions/3 for REST or /3 for gRPC, a version label as /labels/canary.
        signature: name of the signature.
        timeout: timeout of each request, in seconds. Over REST it limits the time without data from the server.
        batch_size: rows per request.

    Returns:
        The outputs by name, with N rows each.

    Raises:
        ValueError: if the inputs have other dtypes or different numbers of rows, or the URL is malformed.
        ServingError: if the server does not respond, refuses the request, serves another version from one batch to the
            next, or sends an invalid response (see `validate_response`).
        MissingExtraError: if tensorflow-serving-api, which gRPC needs, is not installed.
    """
    inputs = {name: convert_input(name, value) for name, value in inputs.items()}
    rows = {name: len(value) if value.ndim else 0 for name, value in inputs.items()}
    if len(set(rows.values())) != 1 or not all(rows.values()):
        raise ValueError(f"`inputs` must all have the same number of rows, at least 1. Received: {rows}")
    if batch_size < 1 or timeout <= 0:
        raise ValueError(f"`batch_size` and `timeout` must be positive. Received: {batch_size}, {timeout}")
    if not URL.fullmatch(url):
        raise ValueError(f"`url` must be http://host:port/v1/models/name or grpc://host:port/name. Received: {url!r}")
    request = grpc_predict if url.startswith("grpc:") else rest_predict
    responses = []
    for i in range(0, next(iter(rows.values())), batch_size):
        batch = {name: value[i : i + batch_size] for name, value in inputs.items()}
        outputs, version = request(batch, url, signature, timeout)
        try:
            responses.append((validate_response(outputs, batch, signature), version))
        except ValueError as error:
            raise ServingError(f"{url} gave an impossible answer to {signature!r}: {error}") from error
    return concatenate(responses, url)


def concatenate(responses: Sequence[tuple[dict[str, np.ndarray], int | None]], url: str) -> dict[str, np.ndarray]:
    """Concatenates the outputs of all batches.

    Args:
        responses: outputs by name and version of the model, for each batch.
        url: address of the model, for the error message.

    Returns:
        The outputs by name.

    Raises:
        ServingError: if the batches differ in version, or in names or shapes of outputs.
    """
    outputs, versions = zip(*responses, strict=True)
    shapes = [{name: value.shape[1:] for name, value in output.items()} for output in outputs]
    for what, (first, *others) in {"version": versions, "outputs": shapes}.items():
        for other in others:
            if other != first:
                raise ServingError(f"{url} changed its {what} between two batches, from {first} to {other}")
    return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}


def convert_input(name: str, value: npt.ArrayLike) -> np.ndarray:
    """Converts an input to the dtype of its field.

    Args:
        name: name of the field. Fields that are not in `DTYPES` keep their dtype.
        value: the input.

    Returns:
        The input as an array.

    Raises:
        ValueError: if the conversion would change values, or if files are given in NumPy's bytes dtype, which drops
            zeros at the end of a file.
    """
    expected = DTYPES.get(name.rstrip("_0123456789"))
    if expected == "bytes":
        value = value if isinstance(value, np.ndarray) else np.array(value, object)
        types = sorted({type(file).__name__ for file in value.flat}) if value.dtype == object else [str(value.dtype)]
        if types in ([], ["bytes"]):
            return value
        raise ValueError(f"`{name}` must be bytes objects. Received: {', '.join(types)}")
    value = np.asarray(value)
    if expected is None:
        return value
    if np.can_cast(value.dtype, expected, "same_kind"):
        converted = value.astype(expected)
        if expected == "float32" or np.array_equal(converted, value):
            return converted
    raise ValueError(f"`{name}` must be {expected}. Received: {value.dtype} {value.shape}")
