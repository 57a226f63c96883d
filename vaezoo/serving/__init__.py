"""Stage 10: SavedModels that TensorFlow Serving can load, and asking it."""

from vaezoo.serving import client
from vaezoo.serving.card import about_run
from vaezoo.serving.export import export
from vaezoo.serving.publish import publishing

__all__ = ["about_run", "client", "export", "publishing"]
