"""Higgins et al. 2017 (beta-VAE)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "beta_vae_dsprites": KIM_MNIH_2018(
        model="beta_vae",
        hyperparameters={"beta": 4.0},
        source="Higgins et al. 2017 (beta = 4); network and training of Kim & Mnih 2018, appendix A",
    ),
}
