"""The comparisons of IMAE (Zhang, Zhao & Balzano 2018): four hybrid models, ten weights, ten seeds.

The paper sweeps beta in [1, 10]; JointVAE's gamma and InfoVAE's lambda take its place (appendix A). IMAE's gamma is
2 beta: on dSprites gamma is in [1, 10], so that beta is in [0.5, 5]. The ten values are read as equidistant. The
paper gives no optimizer, batch size or number of steps; those are the presets'.
"""

from vaezoo.presets import PRESETS
from vaezoo.sweep.combinators import Settings, chain, product, sweep, zipped
from vaezoo.sweep.study import Study

WEIGHTS = range(1, 11)
CLUSTERS = ["likelihood_bounds", "decomposition", "class_information", "clustering_accuracy", "nmi"]
FACTORS = ["beta_vae_score", "factor_vae_score", "mig", "sap", "dci_random_forest"]


def baselines(data: str) -> list[Settings]:
    """Returns JointVAE, InfoVAE and beta-VAE with each weight.

    Args:
        data: "mnist" or "dsprites", the end of the presets' names.
    """
    return chain(
        product([{"preset": f"imae_paper_joint_vae_{data}"}], sweep("gamma", WEIGHTS)),
        product([{"preset": f"info_vae_{data}"}], sweep("lambda_", WEIGHTS)),
        product([{"preset": f"imae_paper_beta_vae_{data}"}], sweep("beta", WEIGHTS)),
    )


def imae_mnist(beta: float) -> Settings:
    """Returns IMAE's settings on MNIST: L(y) and VAT keep their proportions to L(z), as in the preset."""
    vat = PRESETS["imae_mnist"].hyperparameters["regularizer"]
    return {"beta": beta, "beta_y": 20 * beta, "regularizer": {**vat, "weight": 200.0 * beta}}


MNIST = Study(
    "imae_mnist",
    product(
        chain(
            product([{"preset": "imae_mnist"}], [imae_mnist(beta) for beta in WEIGHTS]),
            baselines("mnist"),
        ),
        sweep("seed", range(10)),
        [{"metrics": CLUSTERS}],
    ),
    source="IMAE, Figure 2 (gamma = 2 beta, 10 seeds); beta_y = 20 beta and IMAE's VAT are the preset's proportions, "
    "where Eq. 9 has beta_y = beta; ten equidistant weights, optimizer, batch and steps are ours",
)

DSPRITES = Study(
    "imae_dsprites",
    product(
        chain(
            product(
                [{"preset": "imae_dsprites"}],
                zipped(
                    sweep("beta", [weight / 2 for weight in WEIGHTS]),
                    sweep("regularizer", [{"weight": 5.0 * weight, "radius": 1.0} for weight in WEIGHTS]),
                ),
            ),
            baselines("dsprites"),
        ),
        sweep("seed", range(10)),
        [{"metrics": [*CLUSTERS, *FACTORS], "images": 10_000}],
    ),
    source="IMAE, Figure 3 (beta in [1, 10]; for IMAE beta = gamma / 2, gamma in [1, 10]; 10 seeds); VAT's weight "
    "10 beta is the preset's; ten equidistant weights, optimizer, batch and steps are ours",
)
