"""The papers' hyperparameters as plain data, each with its source: a module for each paper.

The first preset of a model gives the network, latents and training settings of a model that is asked for by its name.
"""

from vaezoo.presets import (
    burgess_2018,
    chen_2018,
    dupont_2018,
    higgins_2017,
    imae,
    kim_mnih_2018,
    kumar_2018,
    locatello_2020,
    nonsyn,
    tolstikhin_2018,
)
from vaezoo.presets.preset import Preset

PRESETS: dict[str, Preset] = {
    **nonsyn.PRESETS,
    **kim_mnih_2018.PRESETS,
    **higgins_2017.PRESETS,
    **burgess_2018.PRESETS,
    **chen_2018.PRESETS,
    **kumar_2018.PRESETS,
    **dupont_2018.PRESETS,
    **tolstikhin_2018.PRESETS,
    **imae.PRESETS,
    **locatello_2020.PRESETS,
}

__all__ = ["PRESETS", "Preset"]
