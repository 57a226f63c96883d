import numpy as np
import pytest

from vaezoo.networks import conv_decoder, conv_encoder, mlp_decoder, mlp_encoder


@pytest.mark.parametrize("shape", [(64, 64, 1), (28, 28, 1), (32, 48, 3), (33, 47, 3), (9, 64, 2)])
@pytest.mark.parametrize("pair", [(conv_encoder, conv_decoder), (mlp_encoder, mlp_decoder)])
def test_any_image_goes_in_and_comes_out(shape, pair):
    encoder, decoder = pair[0](shape, 20, seed=0), pair[1](shape, 10, seed=0)
    images = np.random.default_rng(0).random((2, *shape), np.float32)
    assert encoder(images).shape == (2, 20)
    assert decoder(encoder(images)[:, :10]).shape == images.shape


def test_the_papers_table_has_its_numbers_of_weights():
    """The sum of kernels and biases of each row of the table in section 7.2."""
    encoder = 16 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64) + 32 + 32 + 64 + 64 + 1024 * 128 + 128 + 128 * 20 + 20
    decoder = 10 * 128 + 128 + 128 * 1024 + 1024 + 16 * (64 * 64 + 64 * 32 + 32 * 32 + 32 * 1) + 64 + 32 + 32 + 1
    assert conv_encoder((64, 64, 1), 20).count_params() == encoder
    assert conv_decoder((64, 64, 1), 10).count_params() == decoder


def test_the_layer_of_128_before_the_latents_is_linear():
    *_, wide, head = [
        layer for layer in conv_encoder((64, 64, 1), 20).layers if layer.name.startswith(("dense", "head"))
    ]
    assert wide.units == 128 and wide.activation.__name__ == head.activation.__name__ == "linear"


def test_imaes_tables():
    one = mlp_encoder((28, 28, 1), 30)
    assert [layer.units for layer in one.layers if hasattr(layer, "units")] == [500, 1000, 30]
    assert sum("batch_normalization" in layer.name for layer in one.layers) == 2
    assert [layer.units for layer in mlp_decoder((28, 28, 1), 20).layers if hasattr(layer, "units")] == [500, 500, 784]


@pytest.mark.parametrize("builder", [conv_encoder, conv_decoder, mlp_encoder, mlp_decoder])
def test_a_seed_fixes_the_weights(builder):
    one, same, other = (builder((16, 16, 1), 6, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("shape, words", [((8, 64, 1), "8 pixels.*8, 64, 1"), ((64, 64), "height, width, channels")])
def test_shapes_that_the_strides_do_not_admit(shape, words):
    for builder in (conv_encoder, conv_decoder):
        with pytest.raises(ValueError, match=words):
            builder(shape, 10)
