"""Stage 6: one paper's equation per file, and `MODELS`, which names them.

A new model is a file here, a line of `MODELS` and its public name in `vaezoo/__init__.pyi`.
"""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.models.ada_gvae import AdaGVAE
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

MODELS: dict[str, type[BaseVAE]] = {
    "vae": VAE,
    "beta_vae": BetaVAE,
    "annealed_vae": AnnealedVAE,
    "joint_vae": JointVAE,
    "factor_vae": FactorVAE,
    "beta_tcvae": BetaTCVAE,
    "info_vae": InfoVAE,
    "wae_mmd": WAEMMD,
    "dip_vae": DIPVAE,
    "nonsyn": NonSynVAE,
    "imae": IMAE,
    "ada_gvae": AdaGVAE,
}

__all__ = ["MODELS", "BaseVAE", "synergy_metric", *(model.__name__ for model in MODELS.values())]
