"""The environment that every test process runs in, and images."""

import ctypes
import gc
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # for the processes of pytest-xdist: they keep less memory
# XLA does not optimize machine code: compiling takes less than half the time. test_all_models.py compiles as users do.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
)

import numpy as np
import pytest

# TensorFlow is imported by the tests: pytest-xdist's first process, which runs none, does without.


def pytest_collection_modifyitems(items):
    """Slow tests come first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish():
    """What is imported stays: a garbage collection need not look at it."""
    gc.freeze()


@pytest.fixture(scope="session")
def images():
    """Forty-eight 8x8 images: a bright rectangle each."""
    from small import SHAPE

    rng = np.random.default_rng(0)
    x = np.zeros((48, *SHAPE), np.float32)
    for image in x:
        (i, j), (h, w) = rng.integers(0, 5, 2), rng.integers(2, 5, 2)
        image[i : i + h, j : j + w] = 1
    return x


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No test leaves a dtype policy or Keras's graphs to the next."""
    import keras

    yield
    keras.config.set_dtype_policy("float32")
    keras.utils.clear_session(free_memory=False)  # a full collection of all graphs takes half a second


@pytest.fixture(autouse=True, scope="module")
def memory_is_returned():
    """Frees graphs, which lie in cycles, and the cached dSprites; what is freed goes back to the system."""
    yield
    if "vaezoo.data.sprites" in sys.modules:
        sys.modules["vaezoo.data.sprites"].draw_all.cache_clear()
    gc.collect()
    getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)
