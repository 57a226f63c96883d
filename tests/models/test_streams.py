import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import SHAPE, small_model, weights_of

from vaezoo.models.streams import checked_data, refusals_in_one_line

BATCHES = 6


class Batches(keras.utils.PyDataset):
    def __init__(self, images, **options):
        super().__init__(**options)
        self.images, self.epochs = images, []

    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        return self.images[8 * index : 8 * index + 8], np.zeros(8)

    def on_epoch_begin(self):
        self.epochs.append("begin")

    def on_epoch_end(self):
        self.epochs.append("end")


SPEC = tf.TensorSpec((None, *SHAPE), tf.float32)
KINDS = {
    "dataset": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(8),
    "labelled": lambda x: tf.data.Dataset.from_tensor_slices((x, np.zeros(48))).batch(8),
    "uncounted": lambda x: tf.data.Dataset.from_tensor_slices(x).filter(lambda x: True).batch(8),
    "PyDataset": Batches,
    "threads": lambda x: Batches(x, workers=2),
    "generator": lambda x: ((x[i : i + 8], np.zeros(8)) for i in range(0, 48, 8)),
    "arrays of a generator": lambda x: (x[i : i + 8] for i in range(0, 48, 8)),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def model():
    model = small_model("vae")
    model.compile(model.optimizer, run_eagerly=True)
    return model


@every_kind
def test_a_bad_third_batch_is_refused_by_number(kind, model, images):
    bad = images.copy()
    bad[17, 3, 3] = 255.0
    with pytest.raises(ValueError, match=r"^Batch 3 of the data: expected images in \[0, 1\]. Received .* to 255.*\.$"):
        model.fit(KINDS[kind](bad), verbose=0)


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
@pytest.mark.parametrize("value, words", [(-1.0, "from -1 to 1"), (np.nan, "from nan to nan"), (np.inf, "to inf")])
def test_so_is_any_value_outside_the_interval(verb, value, words, model, images):
    bad = images.copy()
    bad[17, 3, 3] = value
    with pytest.raises(ValueError, match=rf"^Batch 3 of the data: expected images in \[0, 1\]. Received .*{words}.$"):
        getattr(model, verb)(KINDS["labelled"](bad), verbose=0)


@pytest.mark.parametrize("kind", ["dataset", "PyDataset"])
def test_validation_data_is_checked_as_well(kind, model, images):
    bad = images.copy()
    bad[17, 3, 3] = 2.0
    with pytest.raises(ValueError, match="^Batch 3 of the validation data: expected"):
        model.fit(images[:8], validation_data=KINDS[kind](bad), verbose=0)


def test_arrays_of_validation_data_are_checked_before_the_first_step(images):
    model = small_model("vae")
    for bad in (255 * images, (255 * images, np.zeros(48)), (255 * images, np.zeros(48), None)):
        with pytest.raises(ValueError, match="to 255"):
            model.fit(images, validation_data=bad, verbose=0)
    assert model.step == 0


def test_a_compiled_step_is_not_taken_on_a_bad_batch(images):
    bad = images.copy()
    bad[3] = 255.0
    model = small_model("vae")
    model.compile(model.optimizer, jit_compile=True)
    with pytest.raises(ValueError, match="^Batch 1 of the data: .*255.$"):
        model.fit(KINDS["dataset"](bad), verbose=0)
    assert model.step == 0


@every_kind
def test_good_data_passes_unchanged(kind, model, images):
    codes = model.predict(KINDS[kind](images), verbose=0)
    np.testing.assert_allclose(codes, model.encode(images).mean(), rtol=1e-5, atol=1e-6)


def test_a_data_set_keeps_its_size_options_and_bits(images):
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    for kind, size in (("dataset", BATCHES), ("uncounted", tf.data.UNKNOWN_CARDINALITY)):
        dataset = KINDS[kind](images).with_options(options)
        checked = checked_data(dataset, SPEC)
        assert checked.cardinality() == size
        assert checked.options().experimental_optimization.apply_default_optimizations is False
        assert checked.element_spec == dataset.element_spec
        np.testing.assert_array_equal(np.stack(list(checked)), np.stack(list(dataset)))
    assert checked_data(KINDS["dataset"](images).repeat(), SPEC).cardinality() == tf.data.INFINITE_CARDINALITY


def test_a_pydataset_hears_of_epochs(model, images):
    batches = Batches(images)
    model.fit(batches, epochs=2, steps_per_epoch=2, verbose=0)
    assert batches.epochs.count("begin") == 2 and batches.epochs.count("end") >= 2


def test_training_on_checked_batches_has_the_bits_of_training_on_arrays(images):
    weights = []
    for x in (images, KINDS["labelled"](images)):
        model = small_model("vae")
        model.compile(model.optimizer, run_eagerly=True)
        model.fit(x, batch_size=None if x is not images else 8, shuffle=False, verbose=0)
        weights.append(weights_of(model))
    for others in weights[1:]:
        for a, b in zip(weights[0], others, strict=True):
            np.testing.assert_array_equal(a, b)


def test_keras_does_not_warn_that_it_cannot_shuffle(model, images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(KINDS["dataset"](images), verbose=0)
        model.fit(KINDS["dataset"](images), None, None, 1, 0)  # Keras's order of arguments
    plain = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    plain.compile(loss=lambda _, y: y)
    batches = KINDS["dataset"](images).map(lambda x: (x, tf.zeros(tf.shape(x)[0])))
    with warnings.catch_warnings(record=True) as of_keras:  # older versions of it do not warn
        warnings.simplefilter("always")
        plain.fit(batches, verbose=0, shuffle=True)
    with warnings.catch_warnings(record=True) as ours:
        warnings.simplefilter("always")
        model.fit(KINDS["dataset"](images), verbose=0, shuffle=True)
    of_keras, ours = ([text for text in map(str, caught) if "shuffle=True" in text] for caught in (of_keras, ours))
    assert len(ours) == len(of_keras)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "arrays of a generator"])
def test_no_batch_is_larger_than_the_data_set(kind, images):
    data = checked_data(KINDS[kind](images), SPEC, most=7)
    with pytest.raises(ValueError, match="Batch 1 of the data: .*the batch size, 8. Rec.*: 7."), refusals_in_one_line():
        next(iter(data))
    next(iter(checked_data(KINDS[kind](images), SPEC, most=8)))


def test_nor_is_one_of_an_array_or_of_static_size(images):
    model = small_model("beta_tcvae", dataset_size=20)
    static = tf.data.Dataset.from_tensor_slices(images).batch(24, drop_remainder=True)
    for call in (
        lambda: model.fit(static, verbose=0),
        lambda: model.fit(images, batch_size=24, verbose=0),
        lambda: model.evaluate(images, None, 24, verbose=0),
        lambda: model.train_on_batch(images[:24]),
        lambda: model.test_on_batch(images[:24]),
        lambda: model.fit(images, batch_size=8, validation_data=(images, None), validation_batch_size=24, verbose=0),
    ):
        with pytest.raises(ValueError, match="`dataset_size` must be at least the batch size, 24. Received: 20"):
            call()
    assert model.step == 0


def test_empty_data_sets_are_refused(model, images):
    empty = tf.data.Dataset.from_generator(lambda: iter([]), output_signature=tf.TensorSpec([16, *SHAPE]))
    for data, words in [(empty, "gave none"), (KINDS["dataset"](images).take(0), "empty tf.data.Dataset")]:
        with pytest.raises(ValueError, match=words), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(data, verbose=0)


def test_other_errors_of_tensorflow_pass():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected a tensor"), refusals_in_one_line():
        raise tf.errors.InvalidArgumentError(None, None, "Expected a tensor.")
