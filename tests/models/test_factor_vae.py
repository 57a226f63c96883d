import keras
import numpy as np
import pytest
import tensorflow as tf
from compare import KEY, statistics, wide_model
from small import small_model, weights_of

import vaezoo
from vaezoo.latents.noise import fold, permuted
from vaezoo.networks import discriminator


def test_each_update_moves_its_own_variables(images):
    model = small_model("factor_vae")
    model.optimizer.build(model.trainable_variables)
    D, vae = weights_of(model.discriminator), weights_of(model.encoder) + weights_of(model.decoder)
    model.apply_gradient_step(model.vae, images, model.trainable_variables)
    assert all((a == b).all() for a, b in zip(D, weights_of(model.discriminator), strict=True))
    moved = weights_of(model.encoder) + weights_of(model.decoder)
    assert all((a != b).any() for a, b in zip(vae, moved, strict=True))

    variables, optimizer = model.discriminator.variables, model.discriminator_optimizer
    model.apply_gradient_step(model.adversary, (images, images), variables, optimizer=optimizer, update=1)
    assert all((a != b).any() for a, b in zip(D, weights_of(model.discriminator), strict=True))
    after = weights_of(model.encoder) + weights_of(model.decoder)
    assert all((a == b).all() for a, b in zip(moved, after, strict=True))
    assert not {id(v) for v in model.trainable_variables} & {id(v) for v in variables}


def test_a_step_is_algorithm_2(images):
    """The discriminator's update sees the encoder after the first, with its own Adam, against a twin by hand."""
    model, twin = small_model("factor_vae", gamma=2.0), small_model("factor_vae", gamma=2.0)
    model.train_on_batch(images)
    x, x_next = images[:24], images[24:]
    adam = vaezoo.Adam(1e-2)
    with tf.GradientTape() as tape:
        q, code, p = twin.infer(x, twin.key(0, 0), training=True)
        D = twin.discriminator(code)
        log_D = tf.nn.log_softmax(D)
        loss = -p.log_prob(x) + twin.kl_terms(q)["kl_z"] + 2.0 * (log_D[:, 0] - log_D[:, 1])
        loss = tf.reduce_mean(loss)
    adam.apply(tape.gradient(loss, twin.trainable_variables), twin.trainable_variables)
    variables = twin.discriminator.variables
    with tf.GradientTape() as tape:
        ce = twin.adversary((x, x_next), twin.key(0, 1), training=True)["discriminator"]
    vaezoo.Adam(1e-4, 0.5, 0.9).apply(tape.gradient(ce, variables), variables)
    twin.step.assign(1)
    for a, b in zip(weights_of(model), weights_of(twin), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_toggle_of_trainable_does_not_hand_the_discriminator_to_the_vaes_optimizer(images):
    toggled, plain = small_model("factor_vae"), small_model("factor_vae")
    toggled.trainable = False
    assert not toggled.trainable_variables
    toggled.trainable = True
    D = weights_of(toggled.discriminator)
    toggled.apply_gradient_step(toggled.vae, images, toggled.trainable_variables)
    assert all((a == b).all() for a, b in zip(D, weights_of(toggled.discriminator), strict=True))
    plain.apply_gradient_step(plain.vae, images, plain.trainable_variables)
    for model in (toggled, plain):
        model.train_on_batch(images)
    assert len(toggled.optimizer.variables) == len(plain.optimizer.variables)
    for a, b in zip(weights_of(toggled), weights_of(plain), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_adversary_tells_joint_from_marginals(images):
    """Its cross-entropy is that of keras.losses over the two classes, with half the weight each.

    Both z are normalised by their own minibatch, as z is where the first update asks D, and no statistic moves.
    """
    model = wide_model("factor_vae")
    before, batches = statistics(model), (images[:20], images[20:40])
    found = model.adversary(batches, KEY, True)["discriminator"]
    assert all((a == b).all() for a, b in zip(before, statistics(model), strict=True))
    codes = [model.encode(x, training=True).rsample(fold(KEY, i)) for i, x in enumerate(batches)]
    assert any((a != b).any() for a, b in zip(before, statistics(model), strict=True))
    z = [model.latents.split(code)[0] for code in codes]
    logits = tf.concat([model.discriminator(z[0]), model.discriminator(permuted(z[1], fold(KEY, 2)))], axis=0)
    labels = np.repeat([0, 1], 20)
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    still = model.latents.split(model.encode(images[:20]).rsample(fold(KEY, 0)))[0]
    assert np.abs(z[0] - still).max() > 0.1  # moving statistics would have shown


def test_an_adversary_of_other_shapes_is_refused():
    with pytest.raises(ValueError, match=r"must map \[B, 3\] to \[B, 2\]"):
        small_model("factor_vae", discriminator=discriminator(5, width=4, depth=1))


def test_the_default_is_the_papers():
    model = vaezoo.create("factor_vae", image_shape=(8, 8, 1), network="mlp")
    dense = [layer for layer in model.discriminator.layers if hasattr(layer, "units")]
    assert [layer.units for layer in dense] == [1000] * 6 + [2]
    adam = model.discriminator_optimizer
    assert (float(adam.learning_rate), adam.beta_1, adam.beta_2) == (pytest.approx(1e-4), 0.5, 0.9)
