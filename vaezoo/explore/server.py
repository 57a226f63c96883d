"""A server of the page on this machine, which decodes in TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import tensorflow as tf

from vaezoo.data import ImageData
from vaezoo.encoding import LoadedModel
from vaezoo.explore.document import document
from vaezoo.explore.explorer import IMAGES, load_data, load_models, page_record

HOST = "127.0.0.1"
Compute = Callable[[np.ndarray], tf.Tensor]


class ExplorerServer(ThreadingHTTPServer):
    """Serves a page to this machine alone.

    Attributes:
        page: the HTML.
        computations: path -> the length of the input, and the computation.
    """

    page: bytes
    computations: dict[str, tuple[int, Compute]]


def serve(
    paths: Sequence[str | os.PathLike],
    *,
    presets: Sequence[str] = (),
    port: int = 0,
    images: int = IMAGES,
    seed: int = 0,
    dataset: str | ImageData | None = None,
    data_dir: str | os.PathLike | None = None,
    split: str | None = None,
    progress: bool | str = False,
) -> ExplorerServer:
    """Returns a server of the page, for models of any network; `serve_forever` runs it.

    Args:
        paths: of one or two models: runs, .keras files or SavedModels.
        presets: as for `explore`.
        port: of 127.0.0.1; 0 for a free one.
        images: as for `explore`, and so are the other arguments.
        seed: of every draw.
        dataset: a name, or a data set.
        data_dir: as for `vaezoo.data.load`.
        split: of the data set.
        progress: as of `vaezoo.evaluation.evaluate`.

    Raises:
        ValueError: for invalid arguments, before anything is encoded.
        OSError: if a file cannot be read, or the port is in use.
    """
    models = load_models(paths, presets)
    data = load_data(models, dataset, data_dir, split)
    server = ExplorerServer((HOST, port), Handler)
    try:
        server.page = document(page_record(models, data, images, seed, progress), connect="'self'").encode()
        server.computations = {
            f"/{what}/{number}": computation
            for number, loaded in enumerate(models)
            for what, computation in computations(loaded).items()
        }
    except BaseException:
        server.server_close()
        raise
    return server


def computations(loaded: LoadedModel) -> dict[str, tuple[int, Compute]]:
    """Returns the computations of a model: `encode` and `decode`, each with the length of its input.

    Inputs and outputs are flat float32 arrays: an image, or means, log-variances and class probabilities; a code, or
    an image.
    """
    model = loaded.model

    def encoded(image: tf.Tensor) -> tf.Tensor:
        q = model.encode(tf.reshape(tf.clip_by_value(image, 0.0, 1.0), [1, *model.image_shape]))
        return tf.concat([q.mu, q.log_var, *q.probs], axis=-1)

    def decoded(code: tf.Tensor) -> tf.Tensor:
        return model.decode(code[None]).mean()

    sizes = {"encode": int(np.prod(model.image_shape)), "decode": model.latents.size}
    return {
        what: (size, tf.function(compute, input_signature=[tf.TensorSpec([size], tf.float32)], autograph=False))
        for (what, size), compute in zip(sizes.items(), (encoded, decoded), strict=True)
    }


class Handler(BaseHTTPRequestHandler):
    """Answers GET / with the page, and POST /encode/<model> and /decode/<model> with arrays of float32."""

    server: ExplorerServer
    protocol_version = "HTTP/1.1"  # one connection for all moves of a slider
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Sends the page."""
        if self.path != "/":
            return self.refuse(HTTPStatus.NOT_FOUND, f"Expected the path /. Received: {self.path}")
        self.answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page)

    def do_POST(self) -> None:
        """Computes an array of the one that is received."""
        if self.path not in self.server.computations:
            known = ", ".join(self.server.computations)
            return self.refuse(HTTPStatus.NOT_FOUND, f"Expected one of {known}. Received: {self.path}")
        inputs, compute = self.server.computations[self.path]
        length = self.headers.get("Content-Length", "")
        if length != str(4 * inputs):
            return self.refuse(
                HTTPStatus.BAD_REQUEST, f"Expected {inputs} numbers of float32. Received: {length or 'no'} bytes"
            )
        array = np.frombuffer(self.rfile.read(4 * inputs), "<f4")
        if len(array) != inputs or not np.isfinite(array).all():
            return self.refuse(HTTPStatus.BAD_REQUEST, f"Expected {inputs} finite numbers of float32.")
        result = compute(array).numpy().astype("<f4").tobytes()
        self.answer(HTTPStatus.OK, "application/octet-stream", result)

    def parse_request(self) -> bool:
        """Refuses requests that a foreign page makes by a name of its own for this machine."""
        if not super().parse_request():
            return False
        address = f"{HOST}:{self.server.server_address[1]}"
        if self.headers.get("Host") == address:
            return True
        self.refuse(HTTPStatus.FORBIDDEN, f"Expected the address http://{address}/")
        return False

    def refuse(self, status: HTTPStatus, message: str) -> None:
        """Sends an error as plain text, and closes the connection: the rest of the request is not read."""
        self.close_connection = True
        self.answer(status, "text/plain; charset=utf-8", message.encode())

    def answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        """Sends a response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: a slider makes a request for every step."""
