"""Stage 15: trained models in, a page out that explores their latents in the browser.

The modules:

    explorer    explore: writes a self-contained HTML file, which decodes from the models' own weights
    server      serve: serves the page on this machine, and decodes in TensorFlow
    layers      the layers of a network as records that the page computes
    scores, inputs    the scores and the images that the page shows
    packing     arrays as text
    document    joins the HTML, the style, the scripts and the data; page/ has their files
"""

from vaezoo import keras_backend  # noqa: F401
from vaezoo.explore.explorer import explore
from vaezoo.explore.server import serve

__all__ = ["explore", "serve"]
