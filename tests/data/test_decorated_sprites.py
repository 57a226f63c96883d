"""Coloured and noisy dSprites."""

import numpy as np
import pytest

from vaezoo.data import load, sprites
from vaezoo.data.decorated_sprites import decorated

INDICES = np.random.default_rng(0).integers(sprites.GRID.size, size=400)


@pytest.fixture(scope="module")
def plain():
    return load("dsprites")


@pytest.fixture(scope="module", params=["color", "noisy"])
def kind(request):
    return request.param


def test_they_are_dsprites_with_factors(plain, kind):
    data = load(f"{kind}_dsprites")
    assert (data.name, data.size, data.image_shape) == (f"{kind}_dsprites", sprites.GRID.size, (64, 64, 3))
    assert data.factors is sprites.GRID and data.labels is None
    assert data.digest == decorated(plain, kind).digest
    assert len({plain.digest, *(decorated(plain, k).digest for k in ("color", "noisy"))}) == 3
    with pytest.raises(ValueError, match=f"Unknown split 'test' of '{kind}_dsprites'"):
        load(f"{kind}_dsprites", split="test")


def test_an_image_is_the_same_in_every_batch(plain, kind):
    data = decorated(plain, kind)
    batch = next(data.batches(32, seed=5, start_step=9, steps=1).as_numpy_iterator())
    assert batch.dtype == np.float32 and batch.shape == (32, 64, 64, 3)
    indices = np.arange(40, 72)
    ordered = next(data.batches(8, shuffle=False, start_step=6, steps=1).as_numpy_iterator())
    np.testing.assert_array_equal(ordered, data.images(indices)[8:16])
    np.testing.assert_array_equal(data.images([71])[0], data.images(indices)[-1])
    again = next(data.batches(32, seed=5, start_step=9, steps=1).as_numpy_iterator())
    np.testing.assert_array_equal(batch, again)


def test_colours_are_uniform_on_black(plain):
    sprite, image = plain.images(INDICES) > 0, decorated(plain, "color").images(INDICES)
    assert (image[~sprite[..., 0]] == 0).all()
    colours = image.max(axis=(1, 2))  # [400, 3]
    np.testing.assert_array_equal(image, sprite * colours[:, None, None])
    assert colours.min() >= 0.5 and colours.max() < 1
    np.testing.assert_allclose(colours.mean(axis=0), 0.75, atol=6 * 0.5 / np.sqrt(12 * 400))
    np.testing.assert_allclose(np.corrcoef(colours.T), np.eye(3), atol=6 / np.sqrt(400))


def test_noise_is_uniform_around_white_sprites(plain):
    sprite, image = plain.images(INDICES) > 0, decorated(plain, "noisy").images(INDICES)
    assert (image[sprite[..., 0]] == 1).all()
    noise = image[~sprite[..., 0]]
    assert 0 <= noise.min() < 1e-4 and 1 - 1e-4 < noise.max() < 1
    np.testing.assert_allclose(noise.mean(axis=0), 0.5, atol=1e-3)
    np.testing.assert_allclose(noise.var(axis=0), 1 / 12, atol=1e-3)
    one, other = image[:2].reshape(2, -1)
    shared = (one < 1) & (other < 1)
    assert abs(np.corrcoef(one[shared], other[shared])[0, 1]) < 0.06
