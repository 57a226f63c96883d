"""Chen et al. 2018 (beta-TCVAE)."""

from vaezoo.presets.kim_mnih_2018 import KIM_MNIH_2018

PRESETS = {
    "beta_tcvae_dsprites": KIM_MNIH_2018(
        model="beta_tcvae",
        hyperparameters={"beta": 6.0, "estimator": "mws"},
        optimizer={"learning_rate": 1e-3},
        batch_size=2048,
        steps=18_000,
        source="Chen et al. 2018, section 6 and appendix (beta = 6, MWS, batch 2048, Adam 1e-3, 50 epochs); network "
        "of Kim & Mnih 2018, appendix A, where Chen et al. have an MLP of 1200 units",
    ),
}
