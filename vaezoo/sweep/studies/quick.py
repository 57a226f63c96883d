"""A study of minutes, to see what a sweep and its results look like."""

from vaezoo.sweep.combinators import chain, product, sweep
from vaezoo.sweep.study import Study

METRICS = ["likelihood_bounds", "decomposition", "mig", "sap", "modularity", "beta_vae_score", "dci_random_forest"]

QUICK = Study(
    "quick",
    product(
        [{"dataset": "dsprites", "steps": 500, "batch_size": 32, "learning_rate": 1e-3}],
        [{"metrics": METRICS, "images": 1000}],
        sweep("seed", range(2)),
        chain(
            product([{"model": "beta_vae"}], sweep("beta", [1, 4])),
            product([{"model": "nonsyn"}], sweep("alpha", [1, 5])),
        ),
    ),
    source="8 runs of 500 steps: too few for conclusions",
)
