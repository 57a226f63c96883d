"""Stage 5: one paper's equation per file."""

from vaezoo.models.base import BaseVAE
from vaezoo.models.beta_vae import BetaVAE
from vaezoo.models.nonsyn import NonSynVAE, synergy_metric
from vaezoo.models.vae import VAE

__all__ = ["VAE", "BaseVAE", "BetaVAE", "NonSynVAE", "synergy_metric"]
