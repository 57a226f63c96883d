"""The dSprites part of Locatello et al. 2019: six models, six weights, fifty seeds, as their published study lists it.

Settings are those of disentanglement_lib, `config/unsupervised_study_v1`: batch 64, 300,000 steps, Adam(1e-4, 0.9,
0.999, epsilon 1e-8), FactorVAE's discriminator 6 x 1000 with Adam(1e-4, 0.5, 0.9), ten Gaussian latents, Bernoulli
likelihood, seeds 0 to 49. What differs here:

- The third and fourth convolutions of the encoder have kernels of 4 x 4 (Kim & Mnih 2018), theirs of 2 x 2; both have
  256 units in the fully connected layers.
- FactorVAE's second minibatch is independent of the first (Kim & Mnih 2018, Algorithm 2); theirs permutes the first.
- beta-TCVAE estimates all three parts of the KL on the minibatch (Chen et al. 2018, Eq. 4); theirs adds beta - 1 times
  the total correlation to the analytic KL. The total correlation differs by constants.
- Scores are computed from 10,000 images drawn at random, theirs from 10,000 and 5,000 drawn for each metric.
"""

from vaezoo.sweep.combinators import chain, product, sweep, zipped
from vaezoo.sweep.study import Study

BETAS = [1, 2, 4, 6, 8, 16]
CAPACITIES = [5, 10, 25, 50, 75, 100]
GAMMAS = [10, 20, 30, 40, 50, 100]
LAMBDAS = [1, 2, 5, 10, 20, 50]
TC_BETAS = [1, 2, 4, 6, 8, 10]
METRICS = ["beta_vae_score", "factor_vae_score", "mig", "modularity", "dci_random_forest", "sap", "irs"]
SIDE = {"width": 256}

DSPRITES = Study(
    "locatello_dsprites",
    product(
        [{"dataset": "dsprites", "batch_size": 64, "steps": 300_000, "learning_rate": 1e-4}],
        [{"network": {"kind": "conv", "encoder": SIDE, "decoder": SIDE}}],
        chain(
            product([{"model": "beta_vae"}], sweep("beta", BETAS)),
            product([{"model": "factor_vae", "discriminator_learning_rate": 1e-4}], sweep("gamma", GAMMAS)),
            product(
                [{"model": "dip_vae", "kind": "i"}],
                zipped(sweep("lambda_od", LAMBDAS), sweep("lambda_d", [10 * weight for weight in LAMBDAS])),
            ),
            product(
                [{"model": "dip_vae", "kind": "ii"}],
                zipped(sweep("lambda_od", LAMBDAS), sweep("lambda_d", LAMBDAS)),
            ),
            product([{"model": "beta_tcvae", "estimator": "mws"}], sweep("beta", TC_BETAS)),
            product(
                [{"model": "annealed_vae", "gamma": 1000, "c_steps": 100_000}],
                sweep("c_max", CAPACITIES),
            ),
        ),
        sweep("seed", range(50)),
        [{"metrics": ["likelihood_bounds", *METRICS], "images": 10_000}],
    ),
    source="Locatello et al. 2019, Table 2 and the published unsupervised_study_v1: 6 models x 6 weights x 50 seeds. "
    "The module's docstring lists what differs",
)
