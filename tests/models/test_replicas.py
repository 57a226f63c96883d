"""Data parallelism, in processes with two logical devices."""

import forked
import on_replicas
import pytest


def test_terms_and_gradients_of_two_replicas_are_those_of_one_device():
    """Of every model, with noise, BatchNorm and what a loss takes from the whole batch."""
    forked.call(on_replicas.compare_gradients, 4)


@pytest.mark.slow
def test_two_replicas_train_as_one_device_does_on_the_global_batch(tmp_path):
    forked.call(on_replicas.compare_trainings, tmp_path, 4)


def test_keras_fits_batches_that_divide():
    forked.call(on_replicas.fit_by_keras)
