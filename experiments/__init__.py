"""The papers' figures and tables, one module each, run from the clone: `python -m experiments.nonsyn`."""

from vaezoo.cli.startup import import_quietly

import_quietly("tensorflow")
