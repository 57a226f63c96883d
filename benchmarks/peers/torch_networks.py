"""The encoders and decoders of `vaezoo.networks` in PyTorch, for images whose sides the convolutions halve evenly.

Images are [B, C, H, W], as PyTorch has them. `channels_last` says that the values of a pixel are adjacent in memory;
images are then flattened in the order (H, W, C), as Keras does, which needs no copy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.peers.cells import WIDTH, Cell


class ConvEncoder(nn.Module):
    """4x4 convolutions of stride 2 with ReLU, then two fully connected layers, both linear.

    Args:
        image_shape: (H, W, C) in pixels.
        outputs: the length of the output.
        filters: the number of filters of each convolution.
        channels_last: the order in memory.
    """

    def __init__(
        self, image_shape: tuple[int, int, int], outputs: int, filters: Sequence[int], channels_last: bool = False
    ):
        super().__init__()
        height, width, channels = image_shape
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise((channels, *filters))
        )
        pixels = (height >> len(filters)) * (width >> len(filters))
        self.dense = nn.Linear(pixels * filters[-1], WIDTH)
        self.head = nn.Linear(WIDTH, outputs)
        self.channels_last = channels_last

    def forward(self, x: Tensor) -> Tensor:
        """Maps images [B, C, H, W] to [B, outputs]."""
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
        if self.channels_last:
            x = x.permute(0, 2, 3, 1)
        return self.head(self.dense(x.flatten(1)))


class ConvDecoder(nn.Module):
    """Two fully connected layers with ReLU, then 4x4 transposed convolutions of stride 2, all but the last with ReLU.

    Args:
        image_shape: (H, W, C) in pixels.
        inputs: the length of a code.
        filters: the number of filters of each transposed convolution but the last.
        channels_last: the order in memory.
    """

    def __init__(
        self, image_shape: tuple[int, int, int], inputs: int, filters: Sequence[int], channels_last: bool = False
    ):
        super().__init__()
        height, width, channels = image_shape
        self.smallest = (height >> len(filters) + 1, width >> len(filters) + 1, filters[0])
        self.dense = nn.ModuleList([nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, math.prod(self.smallest))])
        sizes = pairwise((filters[0], *filters))
        self.convolutions = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in sizes)
        self.head = nn.ConvTranspose2d(filters[-1], channels, 4, stride=2, padding=1)
        self.channels_last = channels_last

    def forward(self, code: Tensor) -> Tensor:
        """Maps codes [B, inputs] to logits [B, C, H, W]."""
        x = code
        for layer in self.dense:
            x = F.relu(layer(x))
        height, width, channels = self.smallest
        if self.channels_last:
            x = x.view(-1, height, width, channels).permute(0, 3, 1, 2)
        else:
            x = x.view(-1, channels, height, width)
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
        return self.head(x)


def perceptron(sizes: Sequence[int]) -> nn.Sequential:
    """Returns fully connected layers between vectors of `sizes`, with a ReLU after each but the last."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def networks(cell: Cell, channels_last: bool) -> tuple[nn.Module, nn.Module]:
    """Returns the encoder and the decoder of a cell.

    Args:
        cell: the training step.
        channels_last: the order in memory, for convolutions.
    """
    if cell.network == "conv":
        encoder = ConvEncoder(cell.image_shape, cell.parameters, cell.encoder, channels_last)
        decoder = ConvDecoder(cell.image_shape, cell.code_size, cell.decoder, channels_last)
        if channels_last:
            encoder.to(memory_format=torch.channels_last)
            decoder.to(memory_format=torch.channels_last)
        return encoder, decoder
    height, width, channels = cell.image_shape
    pixels = height * width * channels
    encoder = nn.Sequential(nn.Flatten(), perceptron((pixels, *cell.encoder, cell.parameters)))
    decoder = perceptron((cell.code_size, *cell.decoder, pixels))
    return encoder, nn.Sequential(decoder, nn.Unflatten(1, (channels, height, width)))
