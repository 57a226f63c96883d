"""A keras.Model whose verbs take images, and check them before anything is done with them."""

from __future__ import annotations

import inspect
import types
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vaezoo.data import ImageData
from vaezoo.models.finite import StopAtNonFinite
from vaezoo.models.inputs import check_batch_size, checked_images, images_only, split_batch
from vaezoo.models.streams import Spec, checked_data, refusals_in_one_line
from vaezoo.terms import Batch


class CheckedModel(keras.Model):
    """Keras's compile, fit, evaluate, predict and `..._on_batch`, with one clear error for what they cannot do.

    A subclass has an `encoder` and may have a `dataset_size`, the most images that a batch can have. Its configuration
    is its constructor's arguments.
    """

    updates_per_step = 1
    """Updates of the optimizer within a training step."""

    @property
    def batches_per_step(self) -> int:
        """The number of independent minibatches that a training step splits each incoming batch into."""
        return 1

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def image_spec(self) -> tf.TensorSpec:
        """The spec of a batch of images, [B, H, W, C] in [0, 1]."""
        return tf.TensorSpec((None, *self.image_shape), tf.float32)

    @property
    def element_spec(self) -> Spec:
        """The structure of a batch of training data, as tf.data has it: images, beside which labels are ignored."""
        return self.image_spec

    def batches(self, data: ImageData, batch_size: int, **options) -> tf.data.Dataset:
        """Returns batches of a data set as `element_spec` has them. The options are those of `ImageData.batches`."""
        return data.batches(batch_size, **options)

    def prepare_batch(self, data: Batch) -> Batch:
        """Returns what `objective` takes as x, float32, from what Keras hands to a step: images; labels are ignored."""
        return images_only(data)

    def minibatches(self, data: Batch) -> list[tf.Tensor]:
        """Returns the `batches_per_step` independent minibatches of an incoming batch."""
        return split_batch(self.prepare_batch(data), self.batches_per_step)

    @classmethod
    def hyperparameters(cls) -> dict[str, inspect.Parameter]:
        """Returns every constructor argument, the class's and those that it passes on to its bases."""
        return {
            name: parameter
            for owner in reversed(cls.__mro__)
            if issubclass(owner, CheckedModel) and "__init__" in vars(owner)
            for name, parameter in inspect.signature(owner.__init__).parameters.items()
            if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, serialised."""
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.hyperparameters()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> CheckedModel:
        """Returns the model of a configuration."""
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def compile(self, optimizer: str | dict | keras.optimizers.Optimizer = "rmsprop", *args, **kwargs) -> None:
        """Keras's compile. Raises ValueError for gradient accumulation where a step has several updates."""
        optimizer = keras.optimizers.get(optimizer)
        if self.updates_per_step > 1 and getattr(optimizer, "gradient_accumulation_steps", None):
            raise ValueError(
                f"{type(self).__name__} makes {self.updates_per_step} updates a step and takes no optimizer with "
                f"`gradient_accumulation_steps`. Received: {optimizer.gradient_accumulation_steps}"
            )
        super().compile(optimizer, *args, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """As Keras's, which a model with a `compile` of its own must repeat, or a reload has no optimizer."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x: Any = None, *args, **kwargs) -> keras.callbacks.History:
        """Keras's fit on images in [0, 1], float [N, H, W, C]: an array, or a data set of batches.

        Labels beside the images are ignored.

        Raises:
            ValueError: for images of another shape, dtype or range, in any batch, training or validation.
            FloatingPointError: where the loss becomes NaN or infinite.
        """
        given = inspect.signature(super().fit).bind(x, *args, **kwargs).arguments
        if isinstance(x, (tf.data.Dataset, types.GeneratorType)):
            given.setdefault("shuffle", False)  # or Keras warns that it cannot
        batch_size = given.get("batch_size") or 32
        given["x"] = self._checked(x, batch_size)
        if given.get("validation_data") is not None:
            x, *rest = keras.utils.unpack_x_y_sample_weight(given["validation_data"])
            x = self._checked(x, given.get("validation_batch_size") or batch_size, what="validation data")
            given["validation_data"] = x if all(part is None for part in rest) else (x, *rest)
        given["callbacks"] = with_callback(given.get("callbacks"), StopAtNonFinite(), self)
        with refusals_in_one_line():
            return super().fit(**given)

    def evaluate(self, x: Any = None, *args, **kwargs) -> Any:
        """Keras's evaluate: means over all images of the terms, with the same noise every time."""
        if kwargs.get("_use_cached_eval_dataset"):  # Keras's fit, with the validation data that it was given
            return super().evaluate(x, *args, **kwargs)
        batch_size = inspect.signature(super().evaluate).bind(x, *args, **kwargs).arguments.get("batch_size") or 32
        with refusals_in_one_line():
            return super().evaluate(self._checked(x, batch_size), *args, **kwargs)

    def predict(self, x: Any, *args, **kwargs) -> np.ndarray:
        """Keras's predict: mean codes float32 [N, d + sum K] of images [N, H, W, C] or of a data set of them."""
        with refusals_in_one_line():
            return super().predict(checked_data(x, self.image_spec), *args, **kwargs)

    def train_on_batch(self, x: ArrayLike, *args, **kwargs) -> Any:
        """Keras's train_on_batch, on checked images."""
        return super().train_on_batch(self._checked_batch(x), *args, **kwargs)

    def test_on_batch(self, x: ArrayLike, *args, **kwargs) -> Any:
        """Keras's test_on_batch, on checked images."""
        return super().test_on_batch(self._checked_batch(x), *args, **kwargs)

    def predict_on_batch(self, x: ArrayLike) -> np.ndarray:
        """Keras's predict_on_batch, on checked images."""
        return super().predict_on_batch(checked_images(x, self.image_shape))

    def _checked(self, x: Any, batch_size: int, what: str = "data") -> Any:
        most = getattr(self, "dataset_size", None)
        replicas = self.distribute_strategy.num_replicas_in_sync
        return checked_data(x, self.element_spec, most=most, batch_size=batch_size, replicas=replicas, what=what)

    def _checked_batch(self, x: ArrayLike) -> ArrayLike:
        x = checked_images(x, self.image_shape)
        check_batch_size(len(x), getattr(self, "dataset_size", None))
        return x


def with_callback(callbacks: Any, callback: keras.callbacks.Callback, model: keras.Model) -> Any:
    """The callbacks that Keras's fit takes, one, several, None or a CallbackList, and another one after them."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callback.set_model(model)
        callbacks.callbacks.append(callback)
        return callbacks
    return [*keras.tree.flatten(callbacks or []), callback]
