"""What serving costs: `encode` through a session, beside the bare encoder, and the first answer of a new process.

`python benchmarks/serving.py [--seconds=3]`; for one core: `taskset -c 0 python benchmarks/serving.py`.
The session is TensorFlow Serving's; what its network and its batching add is not measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

import vaezoo

tf.get_logger().setLevel("ERROR")  # the session API is deprecated in Python, not in the server
BATCHES = (1, 32, 256)


def session_of(version: str) -> Callable[[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Returns `run(signature, inputs by name) -> outputs by name` in an open session on a version."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], version).signature_def
    calls = {}

    def run(signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if signature not in calls:
            known = signatures[signature]
            fetches = {name: info.name for name, info in known.outputs.items()}
            calls[signature] = session.make_callable(fetches, [known.inputs[name].name for name in inputs])
        return calls[signature](*inputs.values())

    return run


def compare(version: str, model: vaezoo.BaseVAE, seconds: float) -> None:
    """Prints encode in the session beside the bare encoder: they take turns, so that both meet the same load."""
    run = session_of(version)
    bare = tf.function(lambda image: model.encoder(image, training=False))
    print("| batch | images/s | median ms | p99 ms | bare median ms | bare p99 ms | ratio of medians |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for batch in BATCHES:
        image = np.random.default_rng(0).random((batch, *model.image_shape), np.float32)
        calls = [lambda: run("encode", {"image": image}), lambda: bare(tf.constant(image)).numpy()]  # noqa: B023
        times = [[], []]
        start = time.perf_counter()
        while len(times[0]) < 110 or time.perf_counter() - start < seconds:
            for call, taken in zip(calls, times, strict=True):
                before = time.perf_counter()
                call()
                taken.append(1000 * (time.perf_counter() - before))
        (served, served99), (plain, plain99) = (np.percentile(taken[10:], [50, 99]) for taken in times)
        numbers = f"{1000 * batch / served:,.0f} | {served:.2f} | {served99:.2f} | {plain:.2f} | {plain99:.2f}"
        print(f"| {batch} | {numbers} | {served / plain:.2f} |", flush=True)


def first_answer(version: str, warm: bool) -> None:
    """In a new process: prints the ms that loading, warming up and the first requests take."""
    start = time.perf_counter()
    run = session_of(version)
    loaded = time.perf_counter()
    if warm:
        from tensorflow_serving.apis import prediction_log_pb2

        file = f"{version}/assets.extra/tf_serving_warmup_requests"
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
            run(request.model_spec.signature_name, {name: value_of(proto) for name, proto in request.inputs.items()})
    ready = time.perf_counter()
    taken = []
    for _ in range(2):
        before = time.perf_counter()
        run("encode", {"image": np.zeros((1, 64, 64, 1), np.float32)})
        taken.append(time.perf_counter() - before)
    print(*(f"{1000 * t:.1f}" for t in (loaded - start, ready - loaded, *taken)))


def value_of(proto: tf.compat.v1.TensorProto) -> np.ndarray:
    """A tensor of zeros or of equal strings, which NumPy need not unpack."""
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.string_val:
        return np.full(shape, proto.string_val[0], object)
    return np.zeros(shape, tf.as_dtype(proto.dtype).as_numpy_dtype)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of measuring, for each size of batch")
    parser.add_argument("--first_answer", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.first_answer:
        return first_answer(arguments.first_answer[0], arguments.first_answer[1] == "warm")

    from vaezoo.serving import export

    with tempfile.TemporaryDirectory() as folder:
        model = vaezoo.create("nonsyn_dsprites", seed=0)
        version = str(export(model, folder))
        print(f"nonsyn_dsprites on {len(os.sched_getaffinity(0))} core(s), load {os.getloadavg()[0]:.1f}\n")
        compare(version, model, arguments.seconds)
        print("\n| new process | load ms | warm-up ms | first answer ms | second answer ms |")
        print("| --- | --- | --- | --- | --- |")
        for kind in ("cold", "warm"):
            command = [sys.executable, __file__, "--first_answer", version, kind]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"| {kind} | {' | '.join(done.stdout.split()[-4:])} |")


if __name__ == "__main__":
    main()
