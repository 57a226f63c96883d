"""Warm-up requests, which a model server replays before a version takes traffic, so that first requests are fast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from vaezoo.serving.model_card import read_signatures

FILE = "assets.extra/tf_serving_warmup_requests"
BATCHES = (1, 32)


def write_warmup(version: Path, name: str, image_shape: Sequence[int], max_batch: int) -> list[str]:
    """Writes PredictionLog records to a SavedModel: every signature with every batch size of `BATCHES`.

    The inputs are zeros, or PNG files of black images.

    Args:
        version: folder of the SavedModel.
        name: name of the served model.
        image_shape: (H, W, C).
        max_batch: maximum number of images in one request; larger batch sizes are reduced to it.

    Returns:
        What was written, in entries such as "encode x 32"; an empty list if tensorflow-serving-api is not installed.
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        return []
    black = tf.io.encode_png(tf.zeros(image_shape, tf.uint8)).numpy() if image_shape[-1] in (1, 3, 4) else b""
    (version / FILE).parent.mkdir()
    written = []
    with tf.io.TFRecordWriter(str(version / FILE)) as records:
        for signature, definition in read_signatures(version).items():
            for batch in sorted({min(batch, max_batch) for batch in BATCHES}):
                log = prediction_log_pb2.PredictionLog()
                request = log.predict_log.request
                request.model_spec.name, request.model_spec.signature_name = name, signature
                for field, info in definition.inputs.items():
                    request.inputs[field].CopyFrom(constant_proto(info, batch, black))
                records.write(log.SerializeToString())
                written.append(f"{signature} x {batch}")
    return written


def constant_proto(info: meta_graph_pb2.TensorInfo, batch: int, text: bytes) -> tensor_pb2.TensorProto:
    """Builds a TensorProto of equal values, which stores the value once.

    Args:
        info: dtype and shape of the input of a signature.
        batch: size of the first axis. Other free axes get size 1.
        text: value of string tensors; numeric tensors are zero.

    Returns:
        The proto.
    """
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
