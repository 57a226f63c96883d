"""Stage 3: maps encoder outputs to tfp distributions over the latents."""

from vaezoo.latents.joint import Posterior
from vaezoo.latents.spec import LatentSpec

__all__ = ["LatentSpec", "Posterior"]
