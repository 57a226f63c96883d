"""Stage 10: SavedModels that TensorFlow Serving can load, and asking it."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.serving import client
from vaezoo.serving.about import about_run
from vaezoo.serving.export import export
from vaezoo.serving.folder import check_export_folder
from vaezoo.serving.publish import publishing

__all__ = ["about_run", "check_export_folder", "client", "export", "publishing"]
