import numpy as np
import pytest
import tensorflow as tf
from small import SHAPE, small_model

import vaezoo
from vaezoo.models.inputs import checked_images


@pytest.fixture(scope="module")
def model():
    return small_model("vae")


@pytest.mark.parametrize("verb", ["encode", "reconstruct", "predict", "predict_on_batch", "fit", "evaluate"])
@pytest.mark.parametrize("verb_on_batch", [False, True])
def test_every_verb_refuses_other_images(verb, verb_on_batch, model, images):
    if verb_on_batch:
        verb = {"fit": "train_on_batch", "evaluate": "test_on_batch"}.get(verb, verb)
    for wrong, words in [
        (255 * images, r"in \[0, 1\]. Received values from 0.0 to 255.0"),
        (tf.constant(255 * images), "to 255.0"),
        (np.where(images == 1, np.nan, images), "from nan to nan"),
        (images.astype(np.uint8), "uint8"),
        (images[:, 1:], r"Received shape \(48, 7, 8, 1\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            getattr(model, verb)(wrong)


@pytest.mark.parametrize(
    "dtype, words",
    [
        ("int64", "divide 0..255 by 255, or cast to uint8 and use vaezoo.data.from_arrays"),
        ("bool", "cast to float32"),
        ("uint16", "65535"),
        ("uint8", "divide 0..255 by 255"),
        ("object", "dtype object"),
    ],
)
def test_other_dtypes_are_told_what_to_do(dtype, words, images):
    with pytest.raises(ValueError, match=words):
        checked_images(images.astype(dtype), SHAPE)


@pytest.mark.parametrize("make", [list, tuple, lambda images: [tf.constant(image) for image in images]])
def test_a_list_of_images_is_stacked(make, model, images):
    np.testing.assert_array_equal(checked_images(make(images), SHAPE), images)
    np.testing.assert_array_equal(model.encode(make(images[:3])).mu, model.encode(images[:3]).mu)


def test_a_model_trains_on_a_list_as_on_an_array(images):
    """Keras would take each image for an input of its own, and shuffle its rows."""
    losses = []
    for x in (images[:9], list(images[:9])):
        model = small_model("vae")
        model.compile(model.optimizer, run_eagerly=True)
        losses.append(model.fit(x, shuffle=False, verbose=0, validation_data=(x, np.zeros(9))).history)
    assert losses[0] == losses[1]


def test_other_lists_are_refused(images):
    for wrong in ([], [images], [images[0], images[0, 1:]], (images, np.zeros(48)), [{"image": images[0]}]):
        with pytest.raises(ValueError, match=r"one array of images \(None, 8, 8, 1\), or a list of images \(8, 8, 1\)"):
            checked_images(wrong, SHAPE)


def test_other_kinds_are_told_what_to_give(model, images):
    dicts = tf.data.Dataset.from_tensor_slices({"image": images, "label": np.zeros(48)}).batch(8)
    for wrong, words in [
        (None, "Received None"),
        (vaezoo.data.from_arrays(images), r"ImageData: give its `batches\(batch_size, seed=...\)`"),
        ({"pixels": images}, r"example\['pixels'\]"),
        (dicts, r"Received a dict of \['image', 'label'\].*dataset.map.*example\['image'\]"),
    ]:
        for verb in (model.fit, model.evaluate, model.predict):
            with pytest.raises(ValueError, match=words):
                verb(wrong)
    with pytest.raises(ValueError, match="Received None"):
        model.fit()


def test_a_graph_holds_no_check(model, images):
    encoders = [lambda x: model.encode(x).mu, lambda x: model.posterior(x).mu]
    graphs = [tf.function(encode).get_concrete_function(tf.TensorSpec([None, *SHAPE])).graph for encode in encoders]
    kinds = [[operation.type for operation in graph.get_operations()] for graph in graphs]
    assert kinds[0] == kinds[1]
    np.testing.assert_array_equal(model.posterior(2 * images).mu.shape, (48, 3))  # perturbed images, unchecked


@pytest.mark.parametrize("n", [-1, 1.5, True, "3", None])
def test_generate_takes_a_whole_number(n, model):
    with pytest.raises(ValueError, match="`n` must be a whole number of at least 0. Received"):
        model.generate(n)
    assert model.generate(0).shape == (0, *SHAPE)
    with pytest.raises(ValueError, match="`seed` must be a whole number. Received: 'a'"):
        model.generate(1, seed="a")
