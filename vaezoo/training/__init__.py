"""Stage 7: run folders, checkpoints with exact resume, and logs of a training."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.training.loading import load_newest
from vaezoo.training.run import Run
from vaezoo.training.signals import Interrupted

__all__ = ["Interrupted", "Run", "load_newest"]
