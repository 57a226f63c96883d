"""Initial weights, with an independent random stream for every kernel."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

NETWORKS = ("encoder", "decoder", "discriminator")


def kernel_initializers(network: str, seed: int | None) -> Iterator[keras.initializers.Initializer]:
    """Yields a Glorot-uniform initializer for each kernel of a network in turn.

    The seed of the i-th kernel is drawn from `numpy.random.SeedSequence(seed, spawn_key=(network, i))`, so that no two
    kernels share a random stream: neither within a network, nor between an encoder and its decoder, nor between
    neighbouring seeds.

    Args:
        network: one of `NETWORKS`.
        seed: a whole number, or None for weights that differ each time.

    Yields:
        One initializer after another, without end.
    """
    layer = 0
    while True:
        if seed is None:
            yield keras.initializers.GlorotUniform()
        else:
            sequence = np.random.SeedSequence(seed % 2**64, spawn_key=(NETWORKS.index(network), layer))
            yield keras.initializers.GlorotUniform(int(sequence.generate_state(1)[0]))
        layer += 1
