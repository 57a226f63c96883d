"""Stage 2: encoders and decoders: plain Keras models, no probability."""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.networks.conv import conv_decoder, conv_encoder
from vaezoo.networks.discriminator import discriminator
from vaezoo.networks.mlp import mlp_decoder, mlp_encoder

__all__ = ["conv_decoder", "conv_encoder", "discriminator", "mlp_decoder", "mlp_encoder"]
