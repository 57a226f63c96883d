"""Stage 2: encoders, decoders and FactorVAE's discriminator as plain Keras models, without probability."""

from vaezoo.networks.conv import conv_decoder, conv_encoder
from vaezoo.networks.discriminators import discriminator
from vaezoo.networks.mlp import mlp_decoder, mlp_encoder

__all__ = ["conv_decoder", "conv_encoder", "discriminator", "mlp_decoder", "mlp_encoder"]
