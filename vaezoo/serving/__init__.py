"""Stage 9: SavedModels that TensorFlow Serving can load."""

from vaezoo.serving.export import export

__all__ = ["export"]
