"""The Non-Syn VAE (anonymous, ICLR 2019 submission)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "nonsyn_dsprites": KIM_MNIH_2018(
        model="nonsyn",
        hyperparameters={"alpha": 5.0, "omega": 0.9},
        steps=150_000,
        source="Non-Syn VAE (ICLR 2019 submission), 7.1 and 7.2",
    ),
}
