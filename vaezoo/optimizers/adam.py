"""Adam (Kingma & Ba 2015) with one update count per variable."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import KerasTensor


@keras.saving.register_keras_serializable("vaezoo")
class Adam(keras.optimizers.Adam):
    """Adam as Algorithm 1 of its paper, with the bias of each variable corrected by that variable's own updates.

        m <- beta_1 m + (1 - beta_1) g,    v <- beta_2 v + (1 - beta_2) g^2
        w <- w - learning_rate m_hat / (sqrt(v_hat) + epsilon),
        m_hat = m / (1 - beta_1^t),    v_hat = v / (1 - beta_2^t)

    It differs from `keras.optimizers.Adam` in two ways:

    * epsilon, 1e-8 as in the paper, is added to the corrected sqrt(v_hat). Keras adds 1e-7 to the uncorrected sqrt(v),
      which makes the first updates of variables with small gradients shorter. PyTorch computes as the paper does.
    * t counts the updates of each variable. Where a step updates the encoder twice and the decoder once (Non-Syn VAE,
      Algorithm 1), after n steps the encoder's moments hold 2n gradients and the decoder's n. Keras corrects all
      variables by its `iterations`.

    Args:
        learning_rate: a number, or a `keras.optimizers.schedules.LearningRateSchedule` of the step.
        beta_1: decay of the first moment.
        beta_2: decay of the second moment.
        epsilon: added to the corrected sqrt(v_hat).
        name: of the optimizer.
        **options: the further arguments of `keras.optimizers.Adam`, except `amsgrad`.

    Raises:
        ValueError: if `amsgrad` is true.

    References:
        Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1.
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name: str = "adam",
        **options,
    ):
        """Initializes the optimizer; see the class."""
        if options.pop("amsgrad", False):
            raise ValueError("vaezoo.Adam has no `amsgrad`. Use keras.optimizers.Adam.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name, **options)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Creates the moments and the update count of each variable."""
        if self.built:
            return
        super().build(variables)
        self._updates = [
            self.add_variable(shape=(), dtype="int64", name=f"{variable.name}_updates") for variable in variables
        ]

    def update_step(self, gradient: KerasTensor, variable: keras.Variable, learning_rate: KerasTensor) -> None:
        """Applies one update of Algorithm 1 to a variable, by TensorFlow's fused operation.

        That operation adds its epsilon to the uncorrected sqrt(v), so it gets epsilon sqrt(1 - beta_2^t).
        """
        index = self._get_variable_index(variable)  # Keras has no public way to the moments of a variable
        m, v, t = (kept[index].value for kept in (self._momentums, self._velocities, self._updates))
        t.assign_add(1)
        g = tf.cast(tf.convert_to_tensor(gradient), variable.dtype)
        rate, beta_1, beta_2, t = (tf.cast(x, g.dtype) for x in (learning_rate, self.beta_1, self.beta_2, t))
        beta_2_power = tf.pow(beta_2, t)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m.handle,
            v=v.handle,
            beta1_power=tf.pow(beta_1, t),
            beta2_power=beta_2_power,
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=self.epsilon * tf.sqrt(1 - beta_2_power),
            grad=g,
        )
