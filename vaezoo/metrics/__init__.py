"""Stage 9 of vaezoo: codes [N, D] and ground-truth factors [N, F] in, a dict of floats out.

    from vaezoo.metrics import mig
    mig(codes, factors, bootstrap=200)   # {"mig": 0.31, "mig_low": 0.29, "mig_high": 0.33}

Row i of `codes` is the representation of the image with row i of `factors`. Protocols and defaults are those
of Locatello et al. 2019, "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
Representations", called "the reference" in the docstrings; each says where it departs from it and why.

    inputs                   what every metric accepts, and the errors
    rows                     how many rows a metric draws, and which
    scaling                  exact powers of 2 that keep very large and small codes within float64
    interval                 bootstrap confidence intervals: `<score>_low`, `<score>_high`
    information              equal_width_bins, mutual_information [D, F] in nats
    mig                      mig            Chen et al. 2018, 20-bin estimator of the reference
    chen_mig                 chen_mig       Chen et al. 2018, by the aggregate posterior
    fixed_factor             rows that share a factor: from a full grid, or by matching rows
    beta_vae                 beta_vae_score Higgins et al. 2017
    factor_vae               factor_vae_score  Kim & Mnih 2018
    dci                      dci            Eastwood & Williams 2018
    sap                      sap            Kumar et al. 2018
    modularity               modularity     modularity and explicitness, Ridgeway & Mozer 2018
    irs                      irs            Suter et al. 2019
    udr                      udr            Duan et al. 2020, codes of models of several seeds, no factors
    clustering               clustering_accuracy, nmi, ari of discrete latents against classes
    unsupervised             per_latent, active_units, class_information: KL, I(x; z_k) and its bounds, I(x; y)

No metric needs a model or TensorFlow: `vaezoo.encoding` computes the arrays from a model and a data set.

Codes of any precision are computed with in float64 (posteriors, [N, d] of both mean and log-variance, in float32). A
default number of rows takes all rows where there are fewer; only a number that was asked for warns. `dci`, `sap` and
`irs` return the matrix [D, F] behind their scores with `return_matrix=True`.

Every key of every dict is distinct, so the dicts of several metrics merge into one (but for `dci_matrix`, which both
importances call so). The same seed gives the same scores. SciPy and scikit-learn are imported by the metrics that use
them, when they are called.
"""

from vaezoo.metrics.beta_vae import beta_vae_score
from vaezoo.metrics.chen_mig import chen_mig
from vaezoo.metrics.clustering import ari, clustering_accuracy, nmi
from vaezoo.metrics.dci import dci
from vaezoo.metrics.factor_vae import factor_vae_score
from vaezoo.metrics.information import equal_width_bins, mutual_information
from vaezoo.metrics.irs import irs
from vaezoo.metrics.mig import mig
from vaezoo.metrics.modularity import modularity
from vaezoo.metrics.sap import sap
from vaezoo.metrics.udr import udr
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
    "irs",
    "mig",
    "modularity",
    "mutual_information",
    "nmi",
    "per_latent",
    "sap",
    "udr",
]
