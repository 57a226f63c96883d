"""Studies of runs that train in a moment."""

import numpy as np
from small import SHAPE

from vaezoo.sweep import Study, chain, product, sweep
from vaezoo.sweep.worker import WorkerOptions

NETWORK = {"kind": "mlp", "encoder": {"hidden": [8]}, "decoder": {"hidden": [8]}}
OPTIONS = WorkerOptions(cores=1)


def write_images(file):
    """Forty-eight images of SHAPE as a .npz file, whose path is returned."""
    images = np.random.default_rng(0).integers(0, 256, (48, *SHAPE[:2]), dtype=np.uint8)
    np.savez(file, images=images)
    return str(file)


def tiny_study(dataset, *, steps=12, seeds=2, **settings):
    """Two models on small images: beta_vae with two weights, and a vae."""
    common = {"dataset": dataset, "steps": steps, "batch_size": 8, "network": NETWORK, "jit_compile": "off"}
    common |= {"latents": {"gaussian": 2}, "metrics": ["likelihood_bounds", "active_units"], "checkpoint_every": 4}
    models = chain(product([{"model": "beta_vae"}], sweep("beta", [1, 4])), [{"model": "vae"}])
    return Study("tiny", product([{**common, **settings}], models, sweep("seed", range(seeds))))
