"""Dupont 2018 (JointVAE): the numbers of the appendix and of the published code.

The network is Kim & Mnih's conv pair, its FC layers widened to Dupont's 256. On 64x64 images the convolutions are the
same; MNIST stays at 28x28, where Dupont enlarges it to 32x32 and has one convolution fewer.
"""

import functools

from vaezoo.presets.preset import DSPRITES, FASHION_MNIST, MNIST, Preset

DUPONT_2018 = functools.partial(
    Preset,
    model="joint_vae",
    network={"kind": "conv", "encoder": {"width": 256}, "decoder": {"width": 256}},
    latents={"gaussian": 10, "categorical": (10,)},
    optimizer={"learning_rate": 5e-4},
    batch_size=64,
)
NETWORK_28 = "network: Kim & Mnih's at 28x28, with FC 256; Dupont's has three convolutions, on images made 32x32"

PRESETS = {
    "joint_vae_mnist": DUPONT_2018(
        **MNIST,
        hyperparameters={
            "gamma": 30.0,
            "z_capacity": 5.0,
            "z_steps": 25_000,
            "y_capacity": 5.0,
            "y_steps": 25_000,
        },
        steps=93_700,
        source=f"Dupont 2018, appendix (gamma 30, z and y [0, 5] over 25,000 steps, 100 epochs); {NETWORK_28}",
    ),
    "joint_vae_fashion_mnist": DUPONT_2018(
        **FASHION_MNIST,
        hyperparameters={
            "gamma": 100.0,
            "z_capacity": 5.0,
            "z_steps": 50_000,
            "y_capacity": 10.0,
            "y_steps": 50_000,
        },
        steps=93_700,
        source=f"Dupont 2018, appendix (gamma 100, z [0, 5], y [0, 10] over 50,000 steps, 100 epochs); {NETWORK_28}",
    ),
    "joint_vae_dsprites": DUPONT_2018(
        **DSPRITES,
        latents={"gaussian": 6, "categorical": (3,)},
        hyperparameters={
            "gamma": 150.0,
            "z_capacity": 40.0,
            "z_steps": 300_000,
            "y_capacity": 1.1,
            "y_steps": 300_000,
        },
        steps=345_600,
        source="Dupont 2018, appendix (gamma 150, z [0, 40], y [0, 1.1] over 300,000 steps, 30 epochs); its network "
        "but for the ReLU after the encoder's FC 256, which ours lacks",
    ),
}
