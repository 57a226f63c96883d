"""Burgess et al. 2018 (AnnealedVAE)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "annealed_vae_dsprites": KIM_MNIH_2018(
        model="annealed_vae",
        hyperparameters={"gamma": 1000.0, "c_max": 25.0, "c_steps": 100_000},
        source="Burgess et al. 2018 (gamma = 1000, C to 25 nats over 100,000 steps); Locatello et al. 2019 sweep "
        "C 5 ... 100 at the same gamma; gamma = 100 is common too; network and training of Kim & Mnih 2018",
    ),
}
