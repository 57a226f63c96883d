"""Imports what a training and its evaluation need, without computing: a process that has done so can be forked."""

import contextlib
import importlib

from vaezoo.cli.startup import filtered_stderr, set_environment

MODULES = ("vaezoo.cli.train", "vaezoo.evaluation.pipeline", "sklearn.ensemble", "sklearn.linear_model", "scipy.stats")

set_environment()
with filtered_stderr():
    for module in MODULES:
        with contextlib.suppress(ModuleNotFoundError):  # of an extra that is not installed
            importlib.import_module(module)
