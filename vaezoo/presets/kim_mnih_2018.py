"""Kim & Mnih 2018 (FactorVAE): their network and training, which other presets on dSprites take over."""

import functools

from vaezoo.presets.preset import DSPRITES, Preset

# Appendix A
KIM_MNIH_2018 = functools.partial(
    Preset,
    **DSPRITES,
    network="conv",
    latents={"gaussian": 10},
    optimizer={"learning_rate": 1e-4, "beta_1": 0.9, "beta_2": 0.999},
    batch_size=64,
    steps=300_000,
)

PRESETS = {
    "vae_dsprites": KIM_MNIH_2018(
        model="vae",
        hyperparameters={},
        source="Kingma & Welling 2013; network and training of Kim & Mnih 2018, appendix A (its beta = 1)",
    ),
    "factor_vae_dsprites": KIM_MNIH_2018(
        model="factor_vae",
        hyperparameters={"gamma": 35.0, "discriminator_learning_rate": 1e-4},
        source="Kim & Mnih 2018, section 6 (gamma = 35) and appendix A",
    ),
}
