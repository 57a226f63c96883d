"""vaezoo: disentangling variational auto-encoders in Keras 3 and TensorFlow.

Read in the order in which data flows; each stage imports only stages above it:

1. vaezoo.data       images and ground-truth factors -> tf.data of [B, H, W, C] in [0, 1]
2. vaezoo.networks   encoders and decoders
3. vaezoo.latents    encoder outputs -> tfp distributions
4. vaezoo.terms      terms of objectives, in nats
5. vaezoo.regularizers  penalties that any model may add to its loss
6. vaezoo.optimizers Adam as its paper states it
7. vaezoo.models     one paper's equation per file
8. vaezoo.training   what happens around fit: run folder, exact resume, logs
9. vaezoo.encoding   a model and a data set -> arrays and likelihoods
10. vaezoo.metrics   codes and factors -> scores
11. vaezoo.plots     figures
12. vaezoo.evaluation  scores, tables and figures of a trained model
13. vaezoo.serving   SavedModels for TensorFlow Serving

`vaezoo.models.MODELS` and `vaezoo.presets.PRESETS` name what there is; `create` puts it together.
"""

import os
import sys

_backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if "keras" in sys.modules:  # which has read its backend from a file of its own where nothing was set
    _backend = sys.modules["keras"].config.backend()
if _backend != "tensorflow":
    raise ImportError(
        f"vaezoo needs Keras's TensorFlow backend: set KERAS_BACKEND=tensorflow before keras is imported. "
        f"Received: {_backend!r}"
    )

from vaezoo import data, models  # noqa: E402
from vaezoo.latents import LatentSpec  # noqa: E402
from vaezoo.models import *  # noqa: E402, F403
from vaezoo.optimizers import Adam  # noqa: E402
from vaezoo.presets import PRESETS  # noqa: E402
from vaezoo.regularizers import VAT  # noqa: E402
from vaezoo.serving import export  # noqa: E402
from vaezoo.zoo import create  # noqa: E402

__version__ = "0.2.0"

__all__ = ["PRESETS", "VAT", "Adam", "LatentSpec", "create", "data", "export", *models.__all__]
