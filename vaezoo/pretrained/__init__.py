"""Trained weights of the presets: their manifest, where they are, how they are loaded and published.

manifest     TrainedModel: what manifest.json records of a preset's trained model
places       the folder or base address of the weights, and verified files
loading      from_preset
settings     the settings of a run, compared with those of its preset
score_check  a score that is cheap to reproduce
publishing   publish: a finished run becomes the trained model of its preset

The first two need no TensorFlow, and nothing is imported here, so that `vaezoo list` costs none.
"""
