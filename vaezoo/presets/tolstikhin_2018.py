"""Tolstikhin et al. 2018 (WAE-MMD)."""

from vaezoo.presets.imae import IMAE_MLP_MNIST

PRESETS = {
    "wae_mmd_mnist": IMAE_MLP_MNIST(
        model="wae_mmd",
        hyperparameters={"lambda_": 10.0},
        latents={"gaussian": 8},
        source="Tolstikhin et al. 2018, section 4 and appendix (lambda = 10, d = 8), where lambda weighs the penalty "
        "against a squared error: ours is in Bernoulli nats; network of IMAE's Table 1; optimizer, batch and steps are "
        "ours",
    ),
}
