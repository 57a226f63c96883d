"""Locatello et al. 2020 (Ada-GVAE)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "ada_gvae_dsprites": KIM_MNIH_2018(
        model="ada_gvae",
        hyperparameters={"beta": 1.0},
        source="Locatello et al. 2020 (beta = 1 is in their sweep, 1 to 16); network and training of Kim & Mnih 2018, "
        "appendix A",
    ),
}
