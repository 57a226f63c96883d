"""IMAE (Zhang, Zhao & Balzano 2018), and the hybrid models that its paper compares it with.

The networks are Tables 1 (MNIST) and 2 (dSprites), whose "2 x 500" and "2 x 1200" are read as one layer of 1000 and of
2400. The paper gives no optimizer, batch size or number of steps: those are ours.
"""

import functools

from vaezoo.presets.preset import DSPRITES, FASHION_MNIST, MNIST, Preset

IMAE_MLP_MNIST = functools.partial(
    Preset,
    **MNIST,
    network={
        "kind": "mlp",
        "encoder": {"hidden": (500, 1000), "batch_norm": True},
        "decoder": {"hidden": (500, 500)},
    },
    latents={"gaussian": 10, "categorical": (10,)},
    optimizer={"learning_rate": 1e-3},
    batch_size=256,
    steps=12_000,
)
IMAE_MLP_DSPRITES = functools.partial(
    Preset,
    **DSPRITES,
    network={
        "kind": "mlp",
        "encoder": {"hidden": (1200, 1200, 2400), "batch_norm": False},
        "decoder": {"hidden": (1200, 1200, 1200)},
    },
    latents={"gaussian": 10, "categorical": (3,)},
    optimizer={"learning_rate": 1e-3},
    batch_size=256,
    steps=100_000,
)
OURS = "the weights (Eq. 9 has beta_y for VAT's), the estimator where there is one, optimizer, batch and steps are ours"
VAT = {"weight": 10.0, "radius": 1.0}

# By docs/results/imae_mnist.md, where the radius comes from, too.
IMAE_MNIST = functools.partial(
    IMAE_MLP_MNIST,
    model="imae",
    hyperparameters={
        "beta": 5.0,
        "beta_y": 100.0,
        "marginal_weight": 3.0,
        "regularizer": {"weight": 1000.0, "radius": 1.26, "xi": 10.0},
    },
    optimizer={"learning_rate": 2e-3},
    source="IMAE, Table 1, Figure 2 (gamma = 2 beta); beta_y, VAT's weight, optimizer, batch and steps are ours;"
    " marginal_weight, VAT's radius and xi after Hu et al. 2017. Eq. 9 has beta_y = beta, marginal_weight 0 and"
    " VAT(beta_y, 1)",
)

PRESETS = {
    "imae_mnist": IMAE_MNIST(),
    "imae_fashion_mnist": IMAE_MNIST(
        **FASHION_MNIST,
        hyperparameters={
            **IMAE_MNIST.keywords["hyperparameters"],
            "regularizer": {"weight": 1000.0, "radius": 1.06, "xi": 10.0},
        },
    ),
    "imae_dsprites": IMAE_MLP_DSPRITES(
        model="imae",
        hyperparameters={"beta": 2.5, "regularizer": {"weight": 25.0, "radius": 1.0}},
        source="IMAE, Table 2, Figure 3 (beta = gamma / 2, gamma in [1, 10]) and footnote 2 (epsilon = 1); " + OURS,
    ),
    "info_vae_mnist": IMAE_MLP_MNIST(
        model="info_vae",
        hyperparameters={"alpha": 1.0, "lambda_": 5.0, "divergence": "kl", "estimator": "mss", "regularizer": VAT},
        source="IMAE's hybrid InfoVAE (appendix A: alpha = 1, lambda = beta), Table 1; " + OURS,
    ),
    "info_vae_dsprites": IMAE_MLP_DSPRITES(
        model="info_vae",
        hyperparameters={"alpha": 1.0, "lambda_": 5.0, "divergence": "kl", "estimator": "mss", "regularizer": VAT},
        source="IMAE's hybrid InfoVAE (appendix A: alpha = 1, lambda = beta), Table 2; " + OURS,
    ),
    "imae_paper_joint_vae_mnist": IMAE_MLP_MNIST(
        model="joint_vae",
        hyperparameters={"gamma": 10.0, "z_capacity": 30.0, "z_steps": 6_000, "y_steps": 3_000, "regularizer": VAT},
        source="IMAE's hybrid JointVAE (appendix A), Table 1; C_z = 30 nats and both ramps are ours; " + OURS,
    ),
    "imae_paper_joint_vae_dsprites": IMAE_MLP_DSPRITES(
        model="joint_vae",
        hyperparameters={"gamma": 10.0, "z_capacity": 30.0, "z_steps": 50_000, "y_steps": 25_000, "regularizer": VAT},
        source="IMAE's hybrid JointVAE (appendix A), Table 2; C_z = 30 nats and both ramps are ours; " + OURS,
    ),
    "imae_paper_beta_vae_mnist": IMAE_MLP_MNIST(
        model="beta_vae",
        hyperparameters={"beta": 5.0, "regularizer": VAT},
        source="IMAE's hybrid beta-VAE (appendix A), Table 1; " + OURS,
    ),
    "imae_paper_beta_vae_dsprites": IMAE_MLP_DSPRITES(
        model="beta_vae",
        hyperparameters={"beta": 5.0, "regularizer": VAT},
        source="IMAE's hybrid beta-VAE (appendix A), Table 2; " + OURS,
    ),
}
