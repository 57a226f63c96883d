"""Stage 2: encoders and decoders: plain Keras models, no probability. `NETWORKS` names the pairs."""

from vaezoo.networks.conv import conv_decoder, conv_encoder
from vaezoo.networks.discriminator import discriminator
from vaezoo.networks.mlp import mlp_decoder, mlp_encoder

NETWORKS = {"conv": (conv_encoder, conv_decoder), "mlp": (mlp_encoder, mlp_decoder)}

__all__ = ["NETWORKS", "conv_decoder", "conv_encoder", "discriminator", "mlp_decoder", "mlp_encoder"]
