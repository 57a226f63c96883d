import keras
import numpy as np
import pytest
import tensorflow as tf
from small import small_model


class Spoil(keras.callbacks.Callback):
    """Makes a weight of the decoder NaN after some step."""

    def __init__(self, after):
        super().__init__()
        self.after, self.batches = after, 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == self.after:
            self.model.decoder.trainable_variables[-1].assign(np.full(64, np.nan))


@pytest.fixture
def model():
    model = small_model("vae")
    model.compile(model.optimizer, run_eagerly=True)
    return model


def test_a_loss_that_becomes_nan_stops_fit(model, images):
    spoil = Spoil(after=8)
    with pytest.raises(FloatingPointError, match="Step 3 of epoch 2 made the term 'reconstruction' nan.*learning rate"):
        model.fit(images, batch_size=8, epochs=3, callbacks=spoil, verbose=0)
    assert spoil.batches == 9


@pytest.mark.parametrize("verbose", [0, 1])
def test_it_stops_without_other_callbacks(verbose, model, images):
    """Keras then hands the logs to its callbacks in a thread."""
    model.decoder.trainable_variables[-1].assign(np.full(64, np.inf))
    with pytest.raises(FloatingPointError, match="Step 1 of epoch 1 made the term 'reconstruction'"):
        model.fit(images, batch_size=8, verbose=verbose)
    assert model.step < 6


def test_several_steps_of_an_execution(model, images):
    model.compile(model.optimizer, run_eagerly=True, steps_per_execution=3)
    with pytest.raises(FloatingPointError, match="One of the steps 4 to 6 of epoch 1 made the term 'kl_z'"):
        model.fit(images, batch_size=8, callbacks=[Spoil(after=1)], verbose=0)


def test_validation_that_becomes_nan(model, images):
    data = tf.data.Dataset.from_tensor_slices(images).batch(24)
    with pytest.raises(FloatingPointError, match="The validation of epoch 1 made the term 'val_reconstruction' nan"):
        model.fit(images, batch_size=48, validation_data=data, callbacks=[Spoil(after=1)], verbose=0)


def test_a_list_of_kerass_own_takes_it_too(model, images):
    callbacks = keras.callbacks.CallbackList([Spoil(after=1)], add_history=True, model=model)
    with pytest.raises(FloatingPointError, match="Step 2"):
        model.fit(images, batch_size=8, callbacks=callbacks)
