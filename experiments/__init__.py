"""The papers' figures and tables, one module each, run from the clone: `python -m experiments.nonsyn`."""
