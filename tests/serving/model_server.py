"""A model server for tests: the gRPC service and the predict method of the REST API, on a session of the C API."""

import contextlib
import json
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import tensorflow as tf
from c_session import SavedModelError, Session


@contextlib.contextmanager
def grpc_server(version, delay=0.0):
    """Serves one version as a PredictionService that responds after `delay` seconds; yields address and requests."""
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    session = Session(version)

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        requests = []

        def Predict(self, request, context):  # noqa: N802
            self.requests.append(request)
            time.sleep(delay)
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            answer = predict_pb2.PredictResponse()
            answer.model_spec.version.value = int(Path(version).name)
            try:
                outputs = session(request.model_spec.signature_name, **inputs)
            except SavedModelError as error:
                context.abort(list(grpc.StatusCode)[error.code], str(error))
            for name, value in outputs.items():
                answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return answer

    workers = futures.ThreadPoolExecutor(2)
    server = grpc.server(workers, options=[("grpc.max_receive_message_length", -1)])
    service = Service()
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", service.requests
    finally:
        server.stop(None).wait()
        workers.shutdown()
        session.close()


@contextlib.contextmanager
def rest_server(version, delay=0.0):
    """Serves one version as a REST API that responds after `delay` seconds; yields its address and requests."""
    session, requests = Session(version), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.path, body))
            time.sleep(delay)
            status, answer = reply(session, body)
            with contextlib.suppress(BrokenPipeError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # closing waits for their last answers
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        session.close()


def reply(session, body):
    """Returns status and response, in the row or the columnar format, which omits the name of a single output."""
    import base64

    def array(value, dtype):
        if dtype == tf.string:
            return np.array([base64.b64decode(item["b64"]) for item in value], object)
        return np.array(value, dtype.as_numpy_dtype)

    known = session.signatures[body["signature_name"]].inputs
    columns = body["inputs"] if "inputs" in body else {name: [row[name] for row in body["instances"]] for name in known}
    inputs = {name: array(value, tf.as_dtype(known[name].dtype)) for name, value in columns.items()}
    try:
        outputs = {name: value.tolist() for name, value in session(body["signature_name"], **inputs).items()}
    except SavedModelError as error:
        return 400, {"error": str(error)}
    if "instances" in body:
        rows = zip(*outputs.values(), strict=True)
        return 200, {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}
    return 200, {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
