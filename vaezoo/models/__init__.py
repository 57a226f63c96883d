"""Stage 6: one paper's equation per file."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.models.annealed_vae import AnnealedVAE
from vaezoo.models.base import BaseVAE
from vaezoo.models.beta_tcvae import BetaTCVAE
from vaezoo.models.beta_vae import BetaVAE
from vaezoo.models.dip_vae import DIPVAE
from vaezoo.models.factor_vae import FactorVAE
from vaezoo.models.imae import IMAE
from vaezoo.models.info_vae import InfoVAE
from vaezoo.models.joint_vae import JointVAE
from vaezoo.models.nonsyn import NonSynVAE, synergy_metric
from vaezoo.models.vae import VAE
from vaezoo.models.wae_mmd import WAEMMD

__all__ = [
    "DIPVAE",
    "IMAE",
    "VAE",
    "WAEMMD",
    "AnnealedVAE",
    "BaseVAE",
    "BetaTCVAE",
    "BetaVAE",
    "FactorVAE",
    "InfoVAE",
    "JointVAE",
    "NonSynVAE",
    "synergy_metric",
]
