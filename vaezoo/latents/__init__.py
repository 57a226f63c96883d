"""Stage 3: maps encoder outputs to tfp distributions over the latents."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.latents.joint import Posterior
from vaezoo.latents.spec import LatentSpec

__all__ = ["LatentSpec", "Posterior"]
