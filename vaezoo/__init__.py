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
14. vaezoo.sweep     studies of many runs, their workers and results
15. vaezoo.explore   a page that explores the latents of trained models

`vaezoo.models.MODELS` and `vaezoo.presets.PRESETS` list what is available; `create` builds a compiled model, and
`from_preset` loads a trained one (`vaezoo.pretrained`).
`vaezoo.cli` holds the commands.

The public names stand in `__init__.pyi`; each is imported on first use, so that `import vaezoo` does not import
TensorFlow.
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
