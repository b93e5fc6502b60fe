# Two commands for a newcomer: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Another torch build: make demo TORCH_INDEX=<address of a wheel index for your CPU or CUDA>
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST := OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest
CONSTRAINED := -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: demo test check bench docs install install-dev bubblewrap fonts servers messages format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    four contests end to end, on what the package ships and makes"
	@echo "make test    all tests          make check   ruff, mypy --strict, import-linter"
	@echo "make bench   measure what README claims (writes bench/results; over two hours)"
	@echo "make docs    build the documentation into site/"

demo: install bubblewrap fonts
	$(BIN)/tiltyard demo

# The tests' networks are tiny: a second thread costs more than it gives, a second process does not. What measures
# time runs by itself afterwards
test: install-dev bubblewrap fonts servers
	$(PYTEST) -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder -m "not alone"
	$(PYTEST) -m alone

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# pyIFD asks for jpegio, which has no wheels
bench: install-dev bubblewrap fonts
	$(PIP) install $(CONSTRAINED) --no-deps pyIFD==0.0.3 PyWavelets scikit-image lazy-loader
	for script in same_rows meter overhead startup lance wall_time pools challenge_attacks forging no_other_clue forgery_scoring credential_scoring baselines inspecting site_kills; do $(BIN)/python bench/$$script.py || exit 1; done

docs: install-dev
	$(BIN)/mkdocs build --strict

# Needs gettext (xgettext, msgmerge); lists what is not translated yet
messages: install-dev
	$(BIN)/python tools/messages.py

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tiltyard needs Python 3.11 or newer: make demo PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	@echo "installing into $(VENV): some minutes the first time"
	$(if $(TORCH_INDEX),$(PIP) install -c constraints.txt --index-url $(TORCH_INDEX) torch)
	$(PIP) install $(CONSTRAINED) -e '.[documents,inspect,site]'
	@touch $@

# torchattacks pins a requests release that nothing else here can share, and torchvision, which it does not import
$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install $(CONSTRAINED) -e '.[documents,inspect,site,oidc,dev]'
	$(PIP) install $(CONSTRAINED) --no-deps torchattacks
	@touch $@

bubblewrap:
	@sh tools/install-bubblewrap.sh

fonts:
	@sh tools/install-fonts.sh

# What the site's tests run against: a browser and a PostgreSQL
servers:
	@sh tools/install-chromium.sh
	@sh tools/install-postgresql.sh

clean:
	rm -rf $(VENV) site .demo runs build dist
