import numpy as np
import pytest
import tensorflow as tf
from small import SHAPE, SMALL, small_model, weights_of

import vaezoo
from vaezoo.terms import gaussian_kl


class NumPyAdam:
    """Adam of one variable, in float64 (Kingma & Ba 2015, Algorithm 1)."""

    def __init__(self, rate, b1=0.9, b2=0.999, epsilon=1e-8):
        self.rate, self.b1, self.b2, self.epsilon, self.m, self.v, self.t = rate, b1, b2, epsilon, 0.0, 0.0, 0

    def __call__(self, w, g):
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m_hat, v_hat = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return w - self.rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


def gradients(model, objective, x, update, variables):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(objective(x, model.key(model.step, update), training=True)["loss"])
    return [gradient.numpy().astype(np.float64) for gradient in tape.gradient(loss, variables)]


def test_ten_steps_are_algorithm_1_with_one_adam(images):
    """Both updates share the encoder's moments: its counts run to 20, the decoder's to 10."""
    # with omega = 0.1, W is all but the largest latent, so the synergy has a gradient from the first step
    model, twin = small_model("nonsyn", omega=0.1), small_model("nonsyn", omega=0.1)
    optimizers = [NumPyAdam(1e-2) for _ in twin.trainable_variables]
    encoder = len(twin.encoder.trainable_variables)
    assert all(a is b for a, b in zip(twin.trainable_variables, twin.encoder.trainable_variables, strict=False))

    def apply(adams, variables, grads):
        for adam, variable, g in zip(adams, variables, grads, strict=True):
            variable.assign(adam(variable.numpy().astype(np.float64), g))

    for _ in range(10):
        model.train_on_batch(images)
        x, x_next = images[:24], images[24:]
        everything = twin.trainable_variables
        apply(optimizers, everything, gradients(twin, twin.negative_elbo, x, 0, everything))
        its_own = twin.encoder.trainable_variables
        second = gradients(twin, twin.synergy, x_next, 1, its_own)
        assert any(g.any() for g in second)
        apply(optimizers[:encoder], its_own, second)
        twin.step.assign_add(1)
    assert [adam.t for adam in optimizers] == [20] * encoder + [10] * (len(optimizers) - encoder)
    for a, b in zip(model.trainable_variables, twin.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_the_second_update_moves_the_encoder_only(images):
    model = small_model("nonsyn", alpha=100.0, omega=0.1)  # W: all but the largest
    model.optimizer.build(model.trainable_variables)
    before = weights_of(model.decoder)
    encoder_before = weights_of(model.encoder)
    model.apply_gradient_step(model.synergy, images, model.encoder.trainable_variables, update=1)
    for a, b in zip(before, weights_of(model.decoder), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(encoder_before, weights_of(model.encoder), strict=True))


def test_alpha_does_not_cancel(images):
    """It would with an Adam of the synergy step's own, which is invariant to the scale of its gradient."""
    weights = []
    for alpha in (0.5, 50.0):
        model = small_model("nonsyn", alpha=alpha, omega=0.1, learning_rate=1e-3)
        for _ in range(3):
            model.train_on_batch(images)
        weights.append(np.concatenate([w.ravel() for w in weights_of(model.encoder)]))
    assert np.abs(weights[0] - weights[1]).max() > 1e-4


def test_the_two_minibatches_share_no_image(images):
    first, second = small_model("nonsyn").minibatches(images[:10])
    np.testing.assert_array_equal(np.concatenate([first, second]), images[:10])
    assert [len(part) for part in small_model("nonsyn").minibatches(images[:5])] == [3, 3]
    assert small_model("nonsyn").batches_per_step == 2


def test_without_resampling_both_updates_see_the_whole_batch(images):
    model = small_model("nonsyn", resample=False)
    assert model.batches_per_step == 1
    (whole,) = model.minibatches(images)
    assert len(whole) == len(images)
    model.fit(images, verbose=0)


def test_synergy_metric_is_alpha_imax_of_any_gaussian_model(images):
    model = small_model("vae")
    ds = tf.data.Dataset.from_tensor_slices((images, np.zeros(48))).batch(16)
    q = model.encode(images)
    K = gaussian_kl(q.mu, q.log_var).numpy()
    expected = []
    for part in np.split(K, 3):
        ordered = np.sort(part.mean(0))[::-1]
        best = ordered[0]
        for value in ordered[1:]:
            if 0.9 * (best + value) <= best:
                break
            best += value
        expected.append(5 * (ordered.sum() - best))
    assert vaezoo.synergy_metric(model, ds) == pytest.approx(np.mean(expected), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"omega": 0.0}, "omega"),
        ({"omega": 1.1}, "omega"),
        ({"policy": "greedy"}, "policy"),
        ({"latents": {"gaussian": 3, "categorical": (4,)}}, "Gaussian latents only"),
    ],
)
def test_impossible_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        vaezoo.create("nonsyn", **{"image_shape": SHAPE, "network": SMALL, **options})
