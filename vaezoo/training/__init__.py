"""Stage 7: what happens around fit: the run folder, exact resume, logs."""

from vaezoo.training.run import Interrupted, Run

__all__ = ["Interrupted", "Run"]
