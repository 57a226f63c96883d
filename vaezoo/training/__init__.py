"""Stage 6: what happens around fit: the optimizer, the run folder, exact resume, logs."""

from vaezoo.training.adam import Adam
from vaezoo.training.run import Interrupted, Run

__all__ = ["Adam", "Interrupted", "Run"]
