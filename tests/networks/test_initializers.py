import itertools

import numpy as np
import pytest

import vaezoo
from vaezoo.networks import conv_decoder, conv_encoder, discriminator, mlp_decoder, mlp_encoder

BUILDERS = {
    "conv": lambda seed: [
        conv_encoder((16, 16, 1), 20, filters=(32, 64), width=64, seed=seed),
        conv_decoder((16, 16, 1), 10, filters=(32,), width=64, seed=seed),
        discriminator(10, width=64, depth=3, seed=seed),
    ],
    "mlp": lambda seed: [
        mlp_encoder((16, 16, 1), 20, hidden=(32, 32), seed=seed),
        mlp_decoder((16, 16, 1), 10, hidden=(32, 32), seed=seed),
        discriminator(10, width=64, depth=3, seed=seed),
    ],
}


def kernels(networks):
    return [w.ravel() for network in networks for w in network.get_weights() if w.ndim > 1]


@pytest.mark.parametrize("kind", BUILDERS)
def test_no_two_kernels_of_ten_seeds_correlate(kind):
    """The first 128 weights of every two kernels, of all networks of seeds 0 ... 9: |r| stays below 6 / sqrt(128)."""
    several = [kernel for seed in range(10) for kernel in kernels(BUILDERS[kind](seed))]
    shortest = min(len(kernel) for kernel in several)
    assert shortest >= 128 and len(several) >= 100
    r = np.corrcoef(np.stack([kernel[:128] for kernel in several]))
    assert np.abs(r[np.triu_indices(len(several), k=1)]).max() < 6 / np.sqrt(128)


def test_create_gives_encoder_and_decoder_streams_of_their_own():
    """Includes the seeds 0 and 1000, and the discriminator that FactorVAE builds by default."""
    of_seed = {}
    for seed in (0, 1, 1000):
        model = vaezoo.create("factor_vae", image_shape=(16, 16, 1), network="mlp", seed=seed)
        of_seed[seed] = kernels([model.encoder, model.decoder, model.discriminator])
    for one, other in itertools.combinations([kernel for part in of_seed.values() for kernel in part], 2):
        n = min(len(one), len(other))
        assert abs(np.corrcoef(one[:n], other[:n])[0, 1]) < 6 / np.sqrt(n)


@pytest.mark.parametrize("seed", [0, -1, 2**40])
def test_any_whole_number_is_a_seed(seed):
    one, same, other = (kernels([mlp_encoder((4, 4, 1), 2, hidden=(3,), seed=s)]) for s in (seed, seed, seed + 1))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert all((a != b).all() for a, b in zip(one, other, strict=True))


def test_glorots_limits_are_kept():
    (first, *_) = kernels([mlp_encoder((8, 8, 1), 20, hidden=(500,), seed=0)])
    limit = np.sqrt(6 / (64 + 500))
    assert 0.99 * limit < np.abs(first).max() <= limit and abs(first.mean()) < 5 * limit / np.sqrt(3 * len(first))
