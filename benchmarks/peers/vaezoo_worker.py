"""The worker of vaezoo: `python -m benchmarks.peers.vaezoo_worker`."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

import vaezoo
from benchmarks.clock import Clock
from benchmarks.peers.cells import CELLS, TEMPERATURE, WIDTH, Cell, images_of
from benchmarks.peers.worker import cores, gflops, serve

VARIANTS = {"graph": False, "XLA": True}
READY: dict[tuple[str, str], tuple[vaezoo.BaseVAE, tf.Tensor]] = {}


def about() -> dict:
    """Returns the framework's name, its number of threads and the variants of its steps."""
    name = f"vaezoo {vaezoo.__version__} (TensorFlow {tf.__version__}, oneDNN {os.environ['TF_ENABLE_ONEDNN_OPTS']})"
    return {"name": name, "threads": tf.config.threading.get_intra_op_parallelism_threads(), "variants": [*VARIANTS]}


def gemm(dtype: str, size: int) -> float:
    """Returns the speed of a matrix product in GFLOPS."""
    a, b = tf.unstack(tf.cast(tf.random.normal((2, size, size)), dtype))
    return gflops(lambda: tf.matmul(a, b), size)


def create(cell: Cell, jit_compile: bool | str) -> vaezoo.BaseVAE:
    """Builds and compiles the model of a cell, in the cell's precision."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if cell.bfloat16 else "float32")
    try:
        return vaezoo.create(
            cell.model,
            image_shape=cell.image_shape,
            latents={"gaussian": cell.gaussian, "categorical": cell.categorical},
            network=network_of(cell),
            learning_rate=cell.learning_rate,
            seed=0,
            jit_compile=jit_compile,
            temperature=TEMPERATURE,
            **cell.hyperparameters,
        )
    finally:
        keras.config.set_dtype_policy(policy)


def network_of(cell: Cell) -> dict:
    """Returns the argument `network` of `vaezoo.create`."""
    if cell.network == "conv":
        encoder = {"filters": cell.encoder, "width": WIDTH}
        decoder = {"filters": cell.decoder, "width": WIDTH}
    else:
        encoder = {"hidden": cell.encoder, "batch_norm": False}
        decoder = {"hidden": cell.decoder}
    return {"kind": cell.network, "encoder": encoder, "decoder": decoder}


def default(cell: str) -> str:
    """Returns the variant that `vaezoo.create` chooses by default."""
    return "XLA" if create(CELLS[cell], "auto").jit_compile else "graph"


def prepare(cell: str, variant: str) -> None:
    """Builds a step and runs it twice."""
    READY[cell, variant] = create(CELLS[cell], VARIANTS[variant]), tf.constant(images_of(CELLS[cell]))
    run(cell, variant, 2)


def run(cell: str, variant: str, steps: int) -> list[float]:
    """Runs steps by `fit`; returns the milliseconds of each but the first."""
    model, x = READY[cell, variant]
    clock = Clock()
    model.fit(tf.data.Dataset.from_tensors(x).repeat(steps), callbacks=[clock], verbose=0)
    return (1000 * np.diff(clock.ends)).tolist()


def drop() -> None:
    """Frees all steps."""
    READY.clear()
    keras.utils.clear_session()
    gc.collect()


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(cores())
    serve({"about": about, "gemm": gemm, "default": default, "prepare": prepare, "run": run, "drop": drop})
