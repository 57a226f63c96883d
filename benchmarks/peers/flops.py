"""Floating-point operations of a training step, counted from the shapes of its layers.

Only convolutions, transposed convolutions and fully connected layers count, and a multiplication and an addition are
two operations. Positions of a kernel that fall on padding are counted as all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.peers.cells import WIDTH, Cell

KERNEL = 4


def convolution(height: int, width: int, inputs: int, outputs: int) -> int:
    """Returns the FLOPs of a 4x4 convolution of one image to [height, width, outputs].

    The FLOPs of a 4x4 transposed convolution of an image [height, width, outputs] to `inputs` channels are the same.

    Args:
        height: of the smaller of both images.
        width: of the smaller of both images.
        inputs: channels of the larger image.
        outputs: channels of the smaller image.
    """
    return 2 * height * width * KERNEL**2 * inputs * outputs


def dense(inputs: int, outputs: int) -> int:
    """Returns the FLOPs of a fully connected layer of one vector."""
    return 2 * inputs * outputs


def convolutions(image_shape: tuple[int, int, int], filters: Sequence[int]) -> list[int]:
    """Returns the FLOPs of each convolution of stride 2, from the image to the smallest one."""
    height, width, channels = image_shape
    return [
        convolution(height >> n, width >> n, inputs, outputs)
        for n, (inputs, outputs) in enumerate(pairwise((channels, *filters)), start=1)
    ]


def flattened(image_shape: tuple[int, int, int], filters: Sequence[int]) -> int:
    """Returns the number of values of the smallest image of a stack of convolutions of stride 2."""
    height, width, _ = image_shape
    return (height >> len(filters)) * (width >> len(filters)) * filters[-1]


def encoder_layers(cell: Cell) -> list[int]:
    """Returns the FLOPs of the forward pass of one image through each layer of the encoder."""
    if cell.network == "conv":
        sizes = (flattened(cell.image_shape, cell.encoder), WIDTH, cell.parameters)
        return [*convolutions(cell.image_shape, cell.encoder), *(dense(*pair) for pair in pairwise(sizes))]
    sizes = (math.prod(cell.image_shape), *cell.encoder, cell.parameters)
    return [dense(*pair) for pair in pairwise(sizes)]


def decoder_layers(cell: Cell) -> list[int]:
    """Returns the FLOPs of the forward pass of one code through each layer of the decoder."""
    if cell.network == "conv":
        filters = cell.decoder[::-1] + cell.decoder[:1]  # from the image to the smallest one
        sizes = (cell.code_size, WIDTH, flattened(cell.image_shape, filters))
        return [*(dense(*pair) for pair in pairwise(sizes)), *convolutions(cell.image_shape, filters)[::-1]]
    sizes = (cell.code_size, *cell.decoder, math.prod(cell.image_shape))
    return [dense(*pair) for pair in pairwise(sizes)]


def update(layers: Sequence[int]) -> int:
    """Returns the FLOPs of the forward and backward passes through layers, the first of which takes the images.

    The backward pass has the gradients of each layer's weights and of its inputs, each as costly as the forward pass.
    The images need no gradient.
    """
    return 3 * sum(layers) - layers[0]


def step_flops(cell: Cell) -> int:
    """Returns the FLOPs of a training step."""
    encoder, decoder = encoder_layers(cell), decoder_layers(cell)
    flops = update([*encoder, *decoder])
    if cell.model == "nonsyn":
        flops += update(encoder)
    return cell.batch_size * flops
