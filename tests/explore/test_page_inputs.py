"""The input images of the page."""

import node
import numpy as np

from vaezoo.data import from_arrays, sprites
from vaezoo.explore.inputs import input_record, sprite_record


@node.needs_node
def test_the_page_draws_dsprites_pixel_for_pixel():
    classes = sprites.GRID.sample(300, seed=0)
    expected = np.unpackbits(sprites.draw(sprites.GRID.indices(classes)), axis=-1).reshape(300, -1)
    expression = "given.classes.map((c) => Array.from(drawSprite(given.sprites, c)))"
    got = node.run(expression, {"sprites": sprite_record(), "classes": classes.tolist()})
    assert 0 < expected.mean() < 0.5
    np.testing.assert_array_equal(got, expected)


def test_labels_are_a_factor_and_images_are_embedded(images):
    record = input_record(from_arrays(images, np.arange(48) % 3, name="folder/shapes"), seed=0)
    assert record["name"] == "shapes" and record["shape"] == [8, 8, 1]
    assert record["factors"] == [{"name": "label", "values": ["0", "1", "2"]}]
    assert len(record["classes"]) == 48 and set(map(tuple, record["classes"])) == {(0,), (1,), (2,)}


def test_without_labels_there_is_no_factor(images):
    record = input_record(from_arrays(images), seed=0)
    assert record["factors"] == [] and record["classes"] == [[]] * 48


def test_large_images_are_fewer():
    record = input_record(from_arrays(np.zeros((60, 200, 200, 3), np.float32)), seed=0)
    assert len(record["classes"]) == 20
