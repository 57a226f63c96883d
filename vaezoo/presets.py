"""The papers' hyperparameters as plain data, each with its source.

network: "conv" or "mlp", or a dict with that `kind` and options of its `encoder` and `decoder` builders.
batch_size: images in a minibatch; a step draws `model.batches_per_step` of them.
The first preset of a model also gives the optimizer, batch size and steps where a model is asked for by name.
"""

import math
from typing import Any

DSPRITES = {"dataset": "dsprites", "image_shape": (64, 64, 1), "dataset_size": 737_280}
MNIST = {"dataset": "mnist", "image_shape": (28, 28, 1), "dataset_size": 60_000}
FASHION_MNIST = {**MNIST, "dataset": "fashion_mnist"}

# Kim & Mnih 2018, appendix A, which the Non-Syn paper takes over
KIM = {
    "network": "conv",
    "latents": {"gaussian": 10},
    "optimizer": {"learning_rate": 1e-4, "beta_1": 0.9, "beta_2": 0.999},
    "batch_size": 64,
    "steps": 300_000,
}

# IMAE, Tables 1 and 2, "2 x 500" and "2 x 1200" read as one layer of 1000 and of 2400; the optimizer, batch size and
# number of steps are ours: the paper gives none
TABLE_1 = {
    "network": {
        "kind": "mlp",
        "encoder": {"hidden": (500, 1000), "batch_norm": True},
        "decoder": {"hidden": (500, 500)},
    },
    "latents": {"gaussian": 10, "categorical": (10,)},
    "optimizer": {"learning_rate": 1e-3},
    "batch_size": 256,
    "steps": 12_000,
}
TABLE_2 = {
    "network": {
        "kind": "mlp",
        "encoder": {"hidden": (1200, 1200, 2400), "batch_norm": False},
        "decoder": {"hidden": (1200, 1200, 1200)},
    },
    "latents": {"gaussian": 10, "categorical": (3,)},
    "optimizer": {"learning_rate": 1e-3},
    "batch_size": 256,
    "steps": 100_000,
}

# Dupont 2018, appendix, but for the network: ours is Kim & Mnih's conv pair, its FC layers widened to Dupont's 256. On
# 64x64 the convolutions are the same; MNIST stays at 28x28, where Dupont enlarges it to 32x32 and has one fewer.
DUPONT = {
    "network": {"kind": "conv", "encoder": {"width": 256}, "decoder": {"width": 256}},
    "latents": {"gaussian": 10, "categorical": (10,)},
    "optimizer": {"learning_rate": 5e-4},
    "batch_size": 64,
}
NOT_DUPONTS = "network: Kim & Mnih's at 28x28, with FC 256; Dupont's has three convolutions, on images made 32x32"
OURS = "the weights, the estimator where there is one, optimizer, batch and steps are ours; Eq. 9 has 1 for vat_weight"
LOG_10, LOG_3 = math.log(10), math.log(3)

# IMAE's settings for MNIST and Fashion-MNIST, by docs/results/imae_mnist.md
IMAE = {
    "model": "imae",
    "hyperparameters": {
        "beta": 5.0,
        "beta_y": 100.0,
        "marginal_weight": 3.0,
        "vat_weight": 10.0,
        "vat_radius": "neighbour",
    },
    "optimizer": {"learning_rate": 2e-3},
    "source": "IMAE, Table 1, Figure 2 (gamma = 2 beta); beta_y, optimizer, batch and steps are ours; marginal_weight"
    " and the VAT after Hu et al. 2017. Eq. 9 has beta_y = beta, marginal_weight 0, vat_weight 1, vat_radius 1",
}

PRESETS: dict[str, dict[str, Any]] = {
    "nonsyn_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "nonsyn",
        "hyperparameters": {"alpha": 5.0, "omega": 0.9},
        "steps": 150_000,
        "source": "Non-Syn VAE (ICLR 2019 submission), 7.1 and 7.2",
    },
    "vae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "vae",
        "hyperparameters": {},
        "source": "Kingma & Welling 2013; network and training of Kim & Mnih 2018, appendix A (its beta = 1)",
    },
    "beta_vae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "beta_vae",
        "hyperparameters": {"beta": 4.0},
        "source": "Higgins et al. 2017 (beta = 4); network and training of Kim & Mnih 2018, appendix A",
    },
    "annealed_vae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "annealed_vae",
        "hyperparameters": {"gamma": 1000.0, "c_max": 25.0, "c_steps": 100_000},
        "source": "Burgess et al. 2018 (gamma = 1000, C to 25 nats over 100,000 steps); Locatello et al. 2019 sweep "
        "C 5 ... 100 at the same gamma; gamma = 100 is common too; network and training of Kim & Mnih 2018",
    },
    "factor_vae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "factor_vae",
        "hyperparameters": {"gamma": 35.0, "discriminator_learning_rate": 1e-4},
        "source": "Kim & Mnih 2018, section 6 (gamma = 35) and appendix A",
    },
    "beta_tcvae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "beta_tcvae",
        "hyperparameters": {"beta": 6.0, "estimator": "mws"},
        "optimizer": {"learning_rate": 1e-3},
        "batch_size": 2048,
        "steps": 18_000,
        "source": "Chen et al. 2018, section 6 and appendix (beta = 6, MWS, batch 2048, Adam 1e-3, 50 epochs); network "
        "of Kim & Mnih 2018, appendix A, where Chen et al. have an MLP of 1200 units",
    },
    "info_vae_mnist": {
        **MNIST,
        **TABLE_1,
        "model": "info_vae",
        "hyperparameters": {"alpha": 1.0, "lambda_": 5.0, "divergence": "kl", "estimator": "mss", "vat_weight": 10.0},
        "source": "IMAE's hybrid InfoVAE (appendix A: alpha = 1, lambda = beta), Table 1; " + OURS,
    },
    "info_vae_dsprites": {
        **DSPRITES,
        **TABLE_2,
        "model": "info_vae",
        "hyperparameters": {"alpha": 1.0, "lambda_": 5.0, "divergence": "kl", "estimator": "mss", "vat_weight": 10.0},
        "source": "IMAE's hybrid InfoVAE (appendix A: alpha = 1, lambda = beta), Table 2; " + OURS,
    },
    "wae_mmd_mnist": {
        **MNIST,
        **TABLE_1,
        "model": "wae_mmd",
        "hyperparameters": {"lambda_": 10.0},
        "latents": {"gaussian": 8},
        "source": "Tolstikhin et al. 2018, section 4 and appendix (lambda = 10, d = 8), where lambda stands beside a "
        "squared error: ours is in Bernoulli nats; network of IMAE's Table 1; optimizer, batch and steps are ours",
    },
    "dip_vae_dsprites": {
        **DSPRITES,
        **KIM,
        "model": "dip_vae",
        "hyperparameters": {"kind": "ii", "lambda_od": 10.0, "lambda_d": 10.0},
        "source": "Kumar et al. 2018 (DIP-VAE-II, lambda_od = lambda_d); 10 is in the sweep of Locatello et al. 2019; "
        "network and training of Kim & Mnih 2018",
    },
    "imae_mnist": {**MNIST, **TABLE_1, **IMAE},
    "imae_fashion_mnist": {**FASHION_MNIST, **TABLE_1, **IMAE},
    "imae_dsprites": {
        **DSPRITES,
        **TABLE_2,
        "model": "imae",
        "hyperparameters": {"beta": 2.5, "vat_weight": 10.0},
        "source": "IMAE, Table 2, Figure 3 (beta = gamma / 2, gamma in [1, 10]) and footnote 2 (epsilon = 1); " + OURS,
    },
    "joint_vae_mnist": {
        **MNIST,
        **DUPONT,
        "model": "joint_vae",
        # [0, 5] over 25,000 steps for both; y can hold no more than log 10 and stops there
        "hyperparameters": {
            "gamma": 30.0,
            "z_capacity": 5.0,
            "z_steps": 25_000,
            "y_capacity": LOG_10,
            "y_steps": round(25_000 * LOG_10 / 5),
        },
        "steps": 93_700,
        "source": "Dupont 2018, appendix (gamma 30, z and y [0, 5] over 25,000 steps, 100 epochs); " + NOT_DUPONTS,
    },
    "joint_vae_fashion_mnist": {
        **FASHION_MNIST,
        **DUPONT,
        "model": "joint_vae",
        # z [0, 5] and y [0, 10] over 50,000 steps; y stops at log 10
        "hyperparameters": {
            "gamma": 100.0,
            "z_capacity": 5.0,
            "z_steps": 50_000,
            "y_capacity": LOG_10,
            "y_steps": round(50_000 * LOG_10 / 10),
        },
        "steps": 93_700,
        "source": "Dupont 2018, appendix (gamma 100, z [0, 5], y [0, 10] over 50,000 steps, 100 epochs); "
        + NOT_DUPONTS,
    },
    "joint_vae_dsprites": {
        **DSPRITES,
        **DUPONT,
        "model": "joint_vae",
        "latents": {"gaussian": 6, "categorical": (3,)},
        # z [0, 40] and y [0, 1.1] over 300,000 steps; y stops at log 3
        "hyperparameters": {
            "gamma": 150.0,
            "z_capacity": 40.0,
            "z_steps": 300_000,
            "y_capacity": LOG_3,
            "y_steps": round(300_000 * LOG_3 / 1.1),
        },
        "steps": 345_600,
        "source": "Dupont 2018, appendix (gamma 150, z [0, 40], y [0, 1.1] over 300,000 steps, 30 epochs); its network "
        "but for the ReLU after the encoder's FC 256, which ours lacks",
    },
    "imae_paper_joint_vae_mnist": {
        **MNIST,
        **TABLE_1,
        "model": "joint_vae",
        "hyperparameters": {
            "gamma": 10.0,
            "z_capacity": 30.0,
            "z_steps": 6_000,
            "y_capacity": LOG_10,
            "y_steps": 3_000,
            "vat_weight": 10.0,
        },
        "source": "IMAE's hybrid JointVAE (appendix A), Table 1; C_z = 30 nats and both ramps are ours; " + OURS,
    },
    "imae_paper_joint_vae_dsprites": {
        **DSPRITES,
        **TABLE_2,
        "model": "joint_vae",
        "hyperparameters": {
            "gamma": 10.0,
            "z_capacity": 30.0,
            "z_steps": 50_000,
            "y_capacity": LOG_3,
            "y_steps": 25_000,
            "vat_weight": 10.0,
        },
        "source": "IMAE's hybrid JointVAE (appendix A), Table 2; C_z = 30 nats and both ramps are ours; " + OURS,
    },
    "imae_paper_beta_vae_mnist": {
        **MNIST,
        **TABLE_1,
        "model": "beta_vae",
        "hyperparameters": {"beta": 5.0, "vat_weight": 10.0},
        "source": "IMAE's hybrid beta-VAE (appendix A), Table 1; " + OURS,
    },
    "imae_paper_beta_vae_dsprites": {
        **DSPRITES,
        **TABLE_2,
        "model": "beta_vae",
        "hyperparameters": {"beta": 5.0, "vat_weight": 10.0},
        "source": "IMAE's hybrid beta-VAE (appendix A), Table 2; " + OURS,
    },
}
