"""Stage 9: a model and a data set in, NumPy arrays and likelihoods out.

    from vaezoo import metrics
    from vaezoo.encoding import encode_dataset

    encoded = encode_dataset(model, vaezoo.data.load("dsprites"), images=50_000)
    metrics.mig(encoded.codes, encoded.factors, discrete=encoded.discrete)

    encoded_dataset      EncodedDataset, encode_dataset: posteriors, factors and labels; saved and loaded as .npz
    exported             Exported: a SavedModel with the interface of a model
    loading              LoadedModel, load_model: a run, a .keras file or a SavedModel
    aggregate_posterior  dataset_aggregate_posterior, decomposition: I(x; z), total correlation, dimension-wise KL
    likelihood           likelihood_bounds: reconstruction, ELBO, IWAE

This is the last stage that needs a model; `vaezoo.metrics` takes arrays and imports no TensorFlow.
"""

from vaezoo.encoding.aggregate_posterior import dataset_aggregate_posterior, decomposition
from vaezoo.encoding.encoded_dataset import EncodedDataset, encode_dataset
from vaezoo.encoding.exported import Exported
from vaezoo.encoding.likelihood import likelihood_bounds
from vaezoo.encoding.loading import LoadedModel, load_model

__all__ = [
    "EncodedDataset",
    "Exported",
    "LoadedModel",
    "dataset_aggregate_posterior",
    "decomposition",
    "encode_dataset",
    "likelihood_bounds",
    "load_model",
]
