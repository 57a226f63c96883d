"""Stage 4: terms of objectives, as pure functions of tensors without weights, batch means or state, in nats.

In a step of several replicas, a statistic of the batch is that of the global batch (see `vaezoo.replicas`).
"""

from vaezoo.terms.aggregate_posteriors import AggregatePosterior, aggregate_posterior, check_aggregate
from vaezoo.terms.capacities import capacity, discrete_ceiling
from vaezoo.terms.covariance import covariance_of_codes, covariance_of_means, diagonal, off_diagonal
from vaezoo.terms.information import (
    batch_size_for,
    cross_entropy,
    entropy,
    information_bounds,
    information_error,
    marginal_kl,
    mutual_information,
    posterior_moments,
)
from vaezoo.terms.kl import categorical_kl, gaussian_kl
from vaezoo.terms.kl_decomposition import (
    aggregate_kl,
    dimension_mi,
    dimension_wise_kl,
    index_code_mi,
    total_correlation,
)
from vaezoo.terms.likelihood import reconstruction
from vaezoo.terms.maximum_mean_discrepancy import check_kernel, mmd
from vaezoo.terms.objective import Batch, Objective, Terms
from vaezoo.terms.synergy import imax, worst_imax, worst_subset
from vaezoo.terms.vat import neighbour_radius, smoothness

__all__ = [
    "AggregatePosterior",
    "Batch",
    "Objective",
    "Terms",
    "aggregate_kl",
    "aggregate_posterior",
    "batch_size_for",
    "capacity",
    "categorical_kl",
    "check_aggregate",
    "check_kernel",
    "covariance_of_codes",
    "covariance_of_means",
    "cross_entropy",
    "diagonal",
    "dimension_mi",
    "dimension_wise_kl",
    "discrete_ceiling",
    "entropy",
    "gaussian_kl",
    "imax",
    "index_code_mi",
    "information_bounds",
    "information_error",
    "marginal_kl",
    "mmd",
    "mutual_information",
    "neighbour_radius",
    "off_diagonal",
    "posterior_moments",
    "reconstruction",
    "smoothness",
    "total_correlation",
    "worst_imax",
    "worst_subset",
]
