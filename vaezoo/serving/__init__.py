"""Stage 13: SavedModels for TensorFlow Serving, and a client for it."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.serving import client
from vaezoo.serving.about import about_run
from vaezoo.serving.folder import check_export_folder
from vaezoo.serving.publish import publishing
from vaezoo.serving.saved_model import export

__all__ = ["about_run", "check_export_folder", "client", "export", "publishing"]
