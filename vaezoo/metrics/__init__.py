"""Stage 10: metrics of codes [N, D] and ground-truth factors [N, F], each a dict of floats.

    from vaezoo.metrics import mig
    mig(codes, factors, bootstrap=200)   # {"mig": 0.31, "mig_low": 0.29, "mig_high": 0.33}

Row i of `codes` is the representation of the image with row i of `factors`. Protocols and defaults are those
of Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
Representations", called "the reference" in the docstrings, which state every deviation from it and the reason.

    inputs                   validation of codes, factors, posteriors and probabilities
    rows                     random rows for training and test
    scaling                  exact powers of 2 that keep very large and small codes within float64
    parallel                 fits on all cores
    interval                 bootstrap confidence intervals: `<score>_low`, `<score>_high`
    information              equal_width_bins, mutual_information [D, F] in nats
    mig                      mig            Chen et al. 2018, 20-bin estimator of the reference
    chen_mig                 chen_mig       Chen et al. 2018, by the aggregate posterior
    partial_information      bounds on unique, redundant and synergistic information, [D, F] in nats
    unibound                 unibound       Tokui & Sato 2022, by the aggregate posterior
    fixed_factor             draws of rows that share a factor: from a full grid, or by matching rows
    beta_vae                 beta_vae_score Higgins et al. 2017
    factor_vae               factor_vae_score  Kim & Mnih 2018
    dci                      dci            Eastwood & Williams 2018
    sap                      sap            Kumar et al. 2018
    modularity               modularity     modularity and explicitness, Ridgeway & Mozer 2018
    infomec                  infomec        InfoM, InfoE, InfoC: Hsu et al. 2023
    irs                      irs            Suter et al. 2019
    udr                      udr            Duan et al. 2020, codes of models of several seeds, no factors
    clustering               clustering_accuracy, nmi, ari of discrete latents against classes
    unsupervised             per_latent, active_units, class_information: KL, I(x; z_k) and its bounds, I(x; y)

No metric needs a model or TensorFlow: `vaezoo.encoding` computes the arrays from a model and a data set.

Codes of any precision are converted to float64 (mean and log-variance of `per_latent` to float32). A default number
of rows means all rows if there are fewer; a number that was requested and cannot be met causes a warning. `dci`, `sap`
and `irs` return the matrix [D, F] behind their scores with `return_matrix=True`.

The keys of all dicts are distinct, so the dicts of several metrics can be merged (except `dci_matrix`, which has one
name for both importances). The same seed gives the same scores. SciPy and scikit-learn are imported only when a metric
that uses them is called.
"""

from vaezoo.metrics.beta_vae import beta_vae_score
from vaezoo.metrics.chen_mig import chen_mig
from vaezoo.metrics.clustering import ari, clustering_accuracy, nmi
from vaezoo.metrics.dci import dci
from vaezoo.metrics.factor_vae import factor_vae_score
from vaezoo.metrics.infomec import infomec
from vaezoo.metrics.information import equal_width_bins, mutual_information
from vaezoo.metrics.irs import irs
from vaezoo.metrics.mig import mig
from vaezoo.metrics.modularity import modularity
from vaezoo.metrics.partial_information import partial_information
from vaezoo.metrics.sap import sap
from vaezoo.metrics.udr import udr
from vaezoo.metrics.unibound import unibound
from vaezoo.metrics.unsupervised import active_units, class_information, per_latent

__all__ = [
    "active_units",
    "ari",
    "beta_vae_score",
    "chen_mig",
    "class_information",
    "clustering_accuracy",
    "dci",
    "equal_width_bins",
    "factor_vae_score",
    "infomec",
    "irs",
    "mig",
    "modularity",
    "mutual_information",
    "nmi",
    "partial_information",
    "per_latent",
    "sap",
    "udr",
    "unibound",
]
