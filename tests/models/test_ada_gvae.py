import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from small import SHAPE, SMALL, small_model

import vaezoo
from vaezoo.latents import Posterior
from vaezoo.latents.noise import fold
from vaezoo.models.ada_gvae import averaged

tfd = tfp.distributions
KEY = tf.constant([1, 2])


def posteriors(B=20, d=6):
    rng = np.random.default_rng(0)
    return [Posterior(*(tf.constant(rng.normal(size=(B, d)).astype("f4")) for _ in range(2))) for _ in range(2)]


def pairs(images, batch_size=16):
    return tf.data.Dataset.from_tensor_slices((images, images[::-1].copy())).batch(batch_size)


def test_shared_latents_are_averaged_and_the_others_left():
    """Against TFP's KL and a loop over images."""
    q = posteriors()
    normals = [tfd.Normal(p.mu, tf.exp(0.5 * p.log_var)) for p in q]
    K = tfd.kl_divergence(*normals).numpy()
    new = averaged(*q)
    for b, row in enumerate(K):
        for k in range(6):
            shared = row[k] < (row.max() + row.min()) / 2
            for p, old in zip(new, q, strict=True):
                mu = np.mean([o.mu[b, k] for o in q]) if shared else old.mu[b, k]
                var = np.mean([np.exp(o.log_var[b, k]) for o in q]) if shared else np.exp(old.log_var[b, k])
                np.testing.assert_allclose([p.mu[b, k], np.exp(p.log_var[b, k])], [mu, var], rtol=1e-5)
    assert 0 < ((K.max(1) + K.min(1))[:, None] / 2 > K).mean() < 1


def test_a_pair_of_equal_images_is_a_beta_vae(images):
    """No latent is shared below a threshold of 0; the noise of both images differs."""
    ada, beta = small_model("ada_gvae", beta=3.0), small_model("beta_vae", beta=3.0)
    beta.set_weights(ada.get_weights())
    x = tf.constant(images)
    terms = ada.objective((x, x), KEY, training=False)
    one, other = (beta.objective(x, fold(KEY, i), training=False) for i in (0, 1))

    def by_hand(i):
        q = beta.encode(x)
        rec = -beta.decode(q.rsample(fold(KEY, i))).log_prob(x)
        return rec + 3 * beta.kl_terms(q)["kl_z"]

    np.testing.assert_allclose(terms["kl_z"], one["kl_z"], rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], 0.5 * (by_hand(0) + by_hand(1)), rtol=1e-4)
    assert (np.abs(one["reconstruction"] - other["reconstruction"]) > 1e-4).any()


def test_it_trains_on_pairs_and_encodes_images(images, tmp_path):
    model = small_model("ada_gvae")
    before = [variable.numpy() for variable in model.trainable_variables]
    history = model.fit(pairs(images), validation_data=pairs(images), verbose=0).history
    assert {"loss", "kl_z", "reconstruction", "val_loss"} == {name for name in history if "val_k" not in name} - {
        "val_reconstruction"
    }
    assert all((a != b.numpy()).any() for a, b in zip(before, model.trainable_variables, strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert model.fit(pairs(images), verbose=0).history == loaded.fit(pairs(images), verbose=0).history
    assert model.predict(images, verbose=0).shape == (48, 3)


@pytest.mark.parametrize("which", [0, 1])
def test_both_images_of_every_pair_are_checked(which, images):
    spoilt = [images, images.copy()]
    spoilt[which] = images * np.float32(255)
    data = tf.data.Dataset.from_tensor_slices(tuple(spoilt)).batch(16)
    with pytest.raises(ValueError, match=r"Batch 1 of the data: expected images in \[0, 1\]. Received values"):
        small_model("ada_gvae").fit(data, verbose=0)


def test_images_alone_are_refused(images):
    model = small_model("ada_gvae")
    with pytest.raises(ValueError, match="Expected batches with the structure .* Received"):
        model.fit(tf.data.Dataset.from_tensor_slices(images).batch(16), verbose=0)
    with pytest.raises(ValueError, match="takes pairs of images"):
        model.fit(images, verbose=0)
    assert model.step.numpy() == 0


def test_categorical_latents_are_refused():
    with pytest.raises(ValueError, match="Gaussian latents only. Received: .*categorical=\\(3,\\)"):
        vaezoo.create("ada_gvae", image_shape=SHAPE, network=SMALL, latents={"gaussian": 2, "categorical": (3,)})
