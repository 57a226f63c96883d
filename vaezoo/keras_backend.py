"""Checks on import that Keras runs on TensorFlow. Every subpackage that uses Keras imports this module first."""

import os
import sys

_backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if "keras" in sys.modules:  # already imported: its backend may come from its own configuration file
    _backend = sys.modules["keras"].config.backend()
if _backend != "tensorflow":
    raise ImportError(
        f"vaezoo needs Keras's TensorFlow backend: set KERAS_BACKEND=tensorflow before keras is imported. "
        f"Received: {_backend!r}"
    )
