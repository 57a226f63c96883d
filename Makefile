# `make train` and `make test` set everything up by themselves, in .venv. PYTHON= picks the interpreter (3.10 to 3.13).
PYTHON ?= python3
STEPS ?= 2000
INSTALLED = .venv/.installed

.PHONY: train test

train: $(INSTALLED)
	.venv/bin/python train_main.py --model=nonsyn --steps=$(STEPS) --workdir=runs/nonsyn_dsprites_$(STEPS)

test: $(INSTALLED)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m pytest -q -n auto

$(INSTALLED): setup.cfg pyproject.toml
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet 'pip>=24'  # older ones search for versions that fit for many minutes
	.venv/bin/python -m pip install --quiet --editable '.[test]'
	touch $(INSTALLED)
