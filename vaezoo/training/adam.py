"""Adam for steps that update some variables more often than others."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("vaezoo")
class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) whose bias correction counts each variable's own updates.

    Keras corrects every variable by `iterations`. Where a step updates the encoder twice and the decoder once
    (Non-Syn VAE, Algorithm 1), after n steps the encoder's moments hold 2n gradients and the decoder's n: here
    each is corrected by its own count. With one update a step it is Keras's Adam.

    Takes the arguments of `keras.optimizers.Adam`, except `amsgrad`.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, name="adam", **options):
        if options.pop("amsgrad", False):
            raise ValueError("vaezoo.Adam has no `amsgrad`. Use keras.optimizers.Adam.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name, **options)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._updates = [
            self.add_variable(shape=(), dtype="int64", name=f"{variable.name}_updates") for variable in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        """m, v: moving means of g and g^2; w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)."""
        index = self._get_variable_index(variable)
        m, v, t = self._momentums[index], self._velocities[index], self._updates[index]
        g = ops.cast(gradient, variable.dtype)
        self.assign_add(t, ops.ones_like(t))
        self.assign_add(m, (g - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(g) - v) * (1 - self.beta_2))
        t = ops.cast(t, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        rate *= ops.sqrt(1 - ops.power(self.beta_2, t)) / (1 - ops.power(self.beta_1, t))
        self.assign_sub(variable, rate * m / (ops.sqrt(v) + self.epsilon))
