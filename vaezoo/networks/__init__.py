"""Stage 2: encoders, decoders and FactorVAE's discriminator as plain Keras models. `NETWORKS` names the pairs."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.networks.conv import conv_decoder, conv_encoder
from vaezoo.networks.discriminators import discriminator
from vaezoo.networks.mlp import mlp_decoder, mlp_encoder

NETWORKS = {"conv": (conv_encoder, conv_decoder), "mlp": (mlp_encoder, mlp_decoder)}

__all__ = ["NETWORKS", "conv_decoder", "conv_encoder", "discriminator", "mlp_decoder", "mlp_encoder"]
