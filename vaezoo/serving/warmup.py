"""Requests that a model server replays before a version takes traffic, so that nobody waits for its first runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from vaezoo.serving.card import signatures_of

FILE = "assets.extra/tf_serving_warmup_requests"
BATCHES = (1, 32)


def write_warmup(version: Path, name: str, image_shape: Sequence[int], max_batch: int) -> list[str]:
    """Write PredictionLog records into a SavedModel's folder: each signature with each size of batch in `BATCHES`.

    Returns what was written, as "encode x 32"; nothing where tensorflow-serving-api is not installed. name: of
    the served model. The inputs are zeros, and black pictures of (H, W, C).
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        return []
    black = tf.io.encode_png(tf.zeros(image_shape, tf.uint8)).numpy() if image_shape[-1] in (1, 3, 4) else b""
    (version / FILE).parent.mkdir()
    written = []
    with tf.io.TFRecordWriter(str(version / FILE)) as records:
        for signature, definition in signatures_of(version).items():
            for batch in sorted({min(batch, max_batch) for batch in BATCHES}):
                log = prediction_log_pb2.PredictionLog()
                request = log.predict_log.request
                request.model_spec.name, request.model_spec.signature_name = name, signature
                for field, info in definition.inputs.items():
                    request.inputs[field].CopyFrom(filled(info, batch, black))
                records.write(log.SerializeToString())
                written.append(f"{signature} x {batch}")
    return written


def filled(info: meta_graph_pb2.TensorInfo, batch: int, text: bytes) -> tensor_pb2.TensorProto:
    """A tensor of zeros, or of `text`, with `batch` rows; a protobuf repeats the last value that it holds."""
    proto = tensor_pb2.TensorProto(dtype=info.dtype)
    for axis, side in enumerate(info.tensor_shape.dim):
        proto.tensor_shape.dim.add(size=batch if axis == 0 else max(side.size, 1))
    if info.dtype == tf.string.as_datatype_enum:
        proto.string_val.append(text)
    elif info.dtype == tf.int32.as_datatype_enum:
        proto.int_val.append(0)
    else:
        proto.float_val.append(0.0)
    return proto
