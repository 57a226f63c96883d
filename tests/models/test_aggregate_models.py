"""The models that look at the aggregate posterior, against their terms summed by hand."""

import numpy as np
import pytest
import tensorflow as tf
from compare import HYBRID, KEY, assert_same, objective
from scipy.special import logsumexp
from scipy.stats import norm
from small import small_model

import vaezoo
from vaezoo import terms as T
from vaezoo.latents.noise import fold, standard_normal
from vaezoo.models.running_means import EVALUATION


def parts(model, x, key=KEY, training=True):
    q, code, p = model.infer(x, key, training)
    z = code[:, : model.latents.gaussian]
    return q, z, -p.log_prob(x)


def aggregate(model, q, z):
    return T.aggregate_posterior(z, q.mu, q.log_var, dataset_size=48, estimator=model.estimator)


def kl_y(q):
    return sum(map(T.categorical_kl, q.logits))


def marginal_kl(q):
    return sum(map(T.marginal_kl, q.logits))


def assert_is(model, by_hand, x, **tolerance):
    """The model's loss is the one by hand, a function of q, z and rec, and so is its gradient."""
    assert_same(model, lambda model: objective(model, x), model, lambda model: by_hand(*parts(model, x)), **tolerance)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_beta_tcvae(estimator, images):
    weights = {"alpha": 2.0, "beta": 3.0, "gamma": 5.0}
    model = small_model("beta_tcvae", latents=HYBRID, estimator=estimator, **weights)

    def by_hand(q, z, rec):
        q_z = aggregate(model, q, z)
        z_terms = 2 * T.index_code_mi(q_z) + 3 * T.total_correlation(q_z) + 5 * T.dimension_wise_kl(q_z)
        return rec + z_terms + 3 * kl_y(q)

    assert_is(model, by_hand, images)


def test_beta_tcvae_with_all_weights_1_is_the_vae_in_expectation(images):
    """Per sample, the three terms are log q(z|x) - log p(z); their mean over noise is KL_z (4 errors)."""
    model, vae = small_model("beta_tcvae", alpha=1.0, beta=1.0, gamma=1.0), small_model("vae")

    @tf.function
    def draw(key):
        one, other = (m.objective(images, key, training=True) for m in (model, vae))
        q, code, _ = model.infer(images, key, True)
        z = code[:, :3]
        kl_sample = q.blocks[0].log_prob(z) - model.latents.prior().blocks[0].log_prob(z)
        total = one["mi_z"] + one["total_correlation"] + one["dimension_wise_kl"]
        return total, kl_sample, tf.reduce_mean(one["loss"] - other["loss"])

    differences = []
    for i in range(200):
        total, kl_sample, difference = draw(tf.constant([5, i]))
        np.testing.assert_allclose(total, kl_sample, rtol=1e-3, atol=2e-4)
        differences.append(float(difference))
    assert abs(np.mean(differences)) < 4 * np.std(differences) / np.sqrt(200)


def test_beta_tcvaes_gradient_is_the_vaes_in_expectation(images):
    """Along the VAE's gradient, over 300 draws of the noise, within 4 standard errors."""
    model, vae = small_model("beta_tcvae", alpha=1.0, beta=1.0, gamma=1.0), small_model("vae")

    @tf.function
    def gradients(key):
        flat = []
        for m in (model, vae):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(m.objective(images, key, training=True)["loss"])
            flat.append(tf.concat([tf.reshape(g, [-1]) for g in tape.gradient(loss, m.trainable_variables)], 0))
        return flat

    pairs = np.array([gradients(tf.constant([9, i])) for i in range(300)])  # [300, 2, P]
    direction = pairs[:, 1].mean(0) / np.linalg.norm(pairs[:, 1].mean(0))
    along = (pairs[:, 0] - pairs[:, 1]) @ direction
    assert abs(along.mean()) < 4 * along.std() / np.sqrt(300)
    assert np.linalg.norm((pairs[:, 0] - pairs[:, 1]).mean(0)) < 0.1 * np.linalg.norm(pairs[:, 1].mean(0))


def test_info_vae(images):
    model = small_model("info_vae", latents=HYBRID, alpha=0.25, lambda_=4.0, divergence="kl", estimator="mss")

    def by_hand(q, z, rec):
        kl = tf.reduce_sum(T.gaussian_kl(q.mu, q.log_var), -1) + kl_y(q)
        return rec + 0.75 * kl + 3.25 * (T.aggregate_kl(aggregate(model, q, z)) + marginal_kl(q))

    assert_is(model, by_hand, images)


def test_info_vae_with_mmd(images):
    model = small_model("info_vae", latents=HYBRID, alpha=1.0, lambda_=4.0)

    def by_hand(q, z, rec):
        return rec + 4 * (T.mmd(z, standard_normal(fold(KEY, -1), z.shape), "gaussian") + marginal_kl(q))

    assert_is(model, by_hand, images)
    with pytest.raises(ValueError, match="dataset_size"):
        small_model("info_vae", divergence="kl", dataset_size=None)


def test_wae_mmd(images):
    model = small_model("wae_mmd", latents=HYBRID, lambda_=4.0)

    def by_hand(q, z, rec):
        return rec + 4 * (T.mmd(z, standard_normal(fold(KEY, -1), z.shape)) + marginal_kl(q))

    assert_is(model, by_hand, images)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_vae(kind, images):
    model = small_model("dip_vae", latents=HYBRID, kind=kind, lambda_od=3.0, lambda_d=4.0)

    def by_hand(q, z, rec):
        C = tf.einsum("bi,bj->ij", q.mu, q.mu) / 48 - tf.einsum("i,j->ij", *2 * [tf.reduce_mean(q.mu, 0)])
        C += tf.linalg.diag(tf.reduce_mean(tf.exp(q.log_var), 0)) if kind == "ii" else 0.0
        penalty = sum((4 * (C[i, j] - 1) ** 2 if i == j else 3 * C[i, j] ** 2) for i in range(3) for j in range(3))
        return rec + tf.reduce_sum(T.gaussian_kl(q.mu, q.log_var), -1) + kl_y(q) + penalty

    assert_is(model, by_hand, images, rtol=1e-4)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
@pytest.mark.parametrize("weights", [{}, {"beta_y": 5.0, "gamma": 4.0, "marginal_weight": 3.0}])
def test_imae_is_equations_8_and_9(estimator, weights, images):
    vat = {"regularizer": {"weight": 2 * weights["beta_y"]}} if weights else {}
    model = small_model("imae", latents=HYBRID, beta=3.0, sigma_r=1.5, **vat, estimator=estimator, **weights)
    beta_y, gamma = weights.get("beta_y", 3.0), weights.get("gamma", 6.0)

    def by_hand(q, z, rec):
        q_z = aggregate(model, q, z)
        minus_log_r = 0.5 * (z / 1.5) ** 2 + np.log(1.5) + 0.5 * np.log(2 * np.pi)
        L_z = -tf.reduce_sum(q_z.marginals + minus_log_r, -1)
        H = lambda p: -tf.reduce_sum(p * tf.math.log(p), -1)  # noqa: E731
        I_y = sum(H(tf.reduce_mean(p, 0)) - tf.reduce_mean(H(p)) for p in q.probs)
        S = T.smoothness(lambda x: model.posterior(x).logits, images, q.logits, fold(KEY, -2))
        L_y = I_y - (2 if weights else 1) * S
        L_y -= weights.get("marginal_weight", 0.0) * marginal_kl(q)
        return -(-rec + beta_y * L_y + 3 * L_z - gamma * (q_z.joint - tf.reduce_sum(q_z.marginals, -1)))

    assert_is(model, by_hand, images, rtol=1e-4, atol=1e-4)
    assert not {"kl_z", "kl_y"} & set(model.objective(images, KEY, training=True))


def by_numpy(model, x, key, training):
    """IMAE's diagnostics of a batch, from Eq. 2 to 7, by loops and SciPy in float64."""
    q, z, _ = parts(model, x, key, training)
    z, mu, log_var = (v.numpy().astype(np.float64) for v in (z, q.mu, q.log_var))
    sigma, (B, d), N = np.exp(0.5 * log_var), z.shape, 48
    w = np.full([B, B], 1 / (B - 1))
    for i in range(B):
        w[i, i], w[i, (i + 1) % B] = 1 / N, (N - B + 1) / (N * (B - 1))
    log_q = norm.logpdf(z[:, None], mu[None], sigma[None])  # [B, B, d]
    joint = logsumexp(log_q.sum(-1), b=w, axis=1)
    marginals = np.stack([logsumexp(log_q[..., k], b=w, axis=1) for k in range(d)], axis=1)
    H = lambda p: -(p * np.log(p)).sum(-1)  # noqa: E731
    mean_var, var_mu = (sigma**2).mean(0), mu.var(0)
    return {
        "mi_y": sum(H(p.numpy().mean(0)) - H(p.numpy()).mean() for p in q.probs),
        "mi_z": (norm.logpdf(z, mu, sigma) - marginals).sum(1).mean(),
        "mi_z_lower": (0.5 * np.log(1 + var_mu / mean_var)).sum(),
        "mi_z_upper": (0.5 * np.log(mean_var + var_mu) - 0.5 * log_var.mean(0)).sum(),
        "total_correlation": (joint - marginals.sum(1)).mean(),
        "dimension_wise_kl": (marginals - norm.logpdf(z)).sum(1).mean(),
    }


@pytest.mark.parametrize("B", [48, 20])
def test_imaes_diagnostics_are_metrics_of_evaluate_and_fit(B, images):
    model, x = small_model("imae", latents=HYBRID), images[:B]
    for variable in model.encoder.trainable_variables:
        variable.assign(3 * variable)  # or the codes tell next to nothing
    expected = by_numpy(model, x, model.key(EVALUATION, 0), False)
    shown = model.evaluate(x, batch_size=B, verbose=0, return_dict=True)
    np.testing.assert_allclose([shown[name] for name in expected], list(expected.values()), rtol=1e-3, atol=1e-4)
    assert 0.05 < shown["mi_y"] < np.log(12) and 0.05 < shown["mi_z_lower"] <= shown["mi_z_upper"]

    expected = by_numpy(model, x, model.key(0, 0), True)
    shown = model.fit(x, batch_size=B, verbose=0, shuffle=False).history
    np.testing.assert_allclose([shown[name][0] for name in expected], list(expected.values()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["beta_tcvae", "imae"])
def test_dataset_size_is_required(name):
    with pytest.raises(ValueError, match="needs `dataset_size`"):
        vaezoo.create(name, image_shape=(8, 8, 1))
    encoder, decoder = small_model("vae").encoder, small_model("vae").decoder
    with pytest.raises(TypeError, match="dataset_size"):
        vaezoo.MODELS[name](encoder, decoder, latents=vaezoo.LatentSpec(3))


@pytest.mark.parametrize("name", ["beta_tcvae", "imae", "info_vae"])
@pytest.mark.parametrize(
    "options, words",
    [({"dataset_size": 0}, "`dataset_size` must be a whole number of at least 1.*0"), ({"estimator": "mvs"}, "'mvs'")],
)
def test_impossible_aggregates(name, options, words):
    with pytest.raises(ValueError, match=words):
        small_model(name, **options)


@pytest.mark.parametrize("name, option, value", [("info_vae", "kernel", "rbf"), ("imae", "sigma_r", 0.0)])
def test_impossible_values(name, option, value):
    with pytest.raises(ValueError, match=f"`{option}` must be.*Received: {value!r}"):
        small_model(name, **{option: value})
