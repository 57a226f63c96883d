"""The papers' figures and tables, one module each: `python -m vaezoo.papers.nonsyn --figure=4`."""
