"""Renders a model card as Markdown."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from vaezoo.serving.markdown import code_block, escape

MEANINGS = {
    "image": "pixels in [0, 1]",
    "image_bytes": "contents of image files of the size of the model's images",
    "mean": "means of the Gaussian latents",
    "log_var": "logarithms of their variances",
    "probs": "probabilities of the classes",
    "label": "the most probable class, or the one to decode",
    "latent": "index of the component of the mean to vary, from 0",
    "values": "values of that component, for each image",
    "reconstruction": "-log p(image given code), nats",
    "kl_z": "KL of the Gaussian latents from the prior, nats",
    "kl_y": "KL of the categorical latents from the prior, nats",
    "elbo": "-(reconstruction + kl_z + kl_y), nats, at the mean and the most probable classes: not a bound of "
    "log p(image), but low for an image that is unlike the training images",
}

TEMPLATE = """# {name}

{model}, served by TensorFlow Serving. Images of {height} x {width} x {channels}; {gaussian} Gaussian latents{blocks}.
The networks compute in {precision}.

{equation}

| hyperparameter | |
| --- | --- |
{hyperparameters}

## Training

| | |
| --- | --- |
{training}

At the end of training, with terms of the objective in nats:

| score | |
| --- | --- |
{scores}

## Signatures

`serving_default` is `encode`. A request contains 1 to {max_batch} images (N). Other shapes, values outside [0, 1] and
NaN cause an error that names the field. Other dtypes are refused by TensorFlow, whose error calls the inputs `arg[0]`,
`arg[1]`, ... in alphabetical order. `traverse` takes 1 to {max_values} values for each image (M), and at
most {max_traversed} in all. Decoded images are means of the likelihood: probabilities if it is Bernoulli.{files}

| signature | | field | dtype | shape | |
| --- | --- | --- | --- | --- | --- |
{signatures}

{curl}

gRPC, in Python, with images float32 [N, {height}, {width}, {channels}]:

```
import grpc, tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

service = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel("localhost:8500"))
request = predict_pb2.PredictRequest()
request.model_spec.name, request.model_spec.signature_name = {quoted}, "encode"
request.inputs["image"].CopyFrom(tf.make_tensor_proto(images))
mean = tf.make_ndarray(service.Predict(request, timeout=10).outputs["mean"])
```

## Origin

Exported {created}. Warm-up requests: {warm_up}.
SHA-256 of `variables/variables.data-00000-of-00001`: `{variables_sha256}`

| package | version |
| --- | --- |
{packages}
"""

ENCODE_BYTES = """ `encode_bytes` takes {kinds}
files; the error for a damaged file quotes TensorFlow's decoder and names the operation `image_bytes`."""

CURL_ENCODE_BYTES = """REST, with an image file of the right size:

```
curl http://localhost:8501/v1/models/{in_url}:predict -d '{{
  "signature_name": "encode_bytes", "instances": [{{"image_bytes": {{"b64": "'$(base64 -w0 picture.png)'"}}}}]}}'
```"""

CURL_ENCODE = """REST, with `{{"signature_name": "encode", "inputs": {{"image": [...]}}}}` in request.json:

```
curl http://localhost:8501/v1/models/{in_url}:predict -d @request.json
```"""


def render(card: Mapping[str, Any]) -> str:
    """Renders README.md. Names, settings and scores are escaped.

    Args:
        card: the content of model.json.

    Returns:
        The Markdown.
    """
    height, width, channels = card["image_shape"]
    classes, takes_files = card["latents"]["categorical"], "encode_bytes" in card["signatures"]
    in_url = urllib.parse.quote(card["name"], safe="", errors="surrogateescape")  # safe in a shell as well
    facts = {
        "name": escape(card["name"]),
        "quoted": repr(card["name"]),
        "model": escape(card["model"]),
        "equation": code_block(card["equation"] or ""),
        "height": height,
        "width": width,
        "channels": channels,
        "gaussian": card["latents"]["gaussian"],
        "blocks": f" and categorical ones of {', '.join(map(str, classes))} classes" if classes else "",
        "files": ENCODE_BYTES.format(kinds="PNG" if channels == 4 else "PNG or JPEG") if takes_files else "",
        "curl": (CURL_ENCODE_BYTES if takes_files else CURL_ENCODE).format(in_url=in_url),
        "warm_up": ", ".join(card["warm_up"]) or "none (tensorflow-serving-api was not installed)",
        "signatures": "\n".join(signature_rows(card["signatures"])),
        **{key: table_rows(card[key]) for key in ("hyperparameters", "training", "scores", "packages")},
    }
    return TEMPLATE.format(**{**card, **facts})


def table_rows(values: Mapping[str, Any]) -> str:
    """Formats the rows of a table with two columns, names and values."""
    rounded = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in values.items()}
    return "\n".join(f"| {escape(name)} | {escape(value)} |" for name, value in rounded.items()) or "| not recorded | |"


def signature_rows(signatures: Mapping[str, Any]) -> Iterator[str]:
    """Formats the rows of the table of signatures, one for each input and output."""
    for signature, sides in signatures.items():
        if signature == "serving_default":
            continue
        for side, fields in sides.items():
            for field, spec in fields.items():
                shape = ", ".join("N" if not i else "M" if n < 0 else str(n) for i, n in enumerate(spec["shape"]))
                meaning = MEANINGS[field.rstrip("_0123456789")]
                yield f"| {signature} | {side[:-1]} | {field} | {spec['dtype']} | [{shape}] | {meaning} |"
