"""Kumar et al. 2018 (DIP-VAE)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "dip_vae_dsprites": KIM_MNIH_2018(
        model="dip_vae",
        hyperparameters={"kind": "ii", "lambda_od": 10.0, "lambda_d": 10.0},
        source="Kumar et al. 2018 (DIP-VAE-II, lambda_od = lambda_d); 10 is in the sweep of Locatello et al. 2019; "
        "network and training of Kim & Mnih 2018",
    ),
}
