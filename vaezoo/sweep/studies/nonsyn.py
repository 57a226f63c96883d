"""The synergy of the Non-Syn VAE along the steps in which its paper shows it."""

from vaezoo.sweep.combinators import chain, product, sweep
from vaezoo.sweep.study import Study

METRICS = ["likelihood_bounds", "decomposition", "active_units", "mig", "sap", "factor_vae_score", "dci_random_forest"]

SYNERGY = Study(
    "nonsyn_synergy",
    product(
        [{"dataset": "dsprites", "steps": 4000, "metrics": METRICS, "images": 10_000}],
        chain(
            product([{"preset": "nonsyn_dsprites"}], sweep("alpha", [0, 1, 2.5, 5, 10])),
            product([{"preset": "factor_vae_dsprites"}], sweep("gamma", [35])),
            product([{"preset": "beta_vae_dsprites"}], sweep("beta", [1, 4])),
        ),
        sweep("seed", range(5)),
    ),
    source="Non-Syn VAE (ICLR 2019 submission), Figures 3 and 4: alpha = 5 and FactorVAE, 4,000 steps, one seed; the "
    "other weights, beta-VAE and five seeds are ours. metrics.csv of each run has the synergy along the steps",
)
