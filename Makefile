# Two commands are enough on a fresh machine with Python 3.11+ and make: `make verify` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
STAMP := $(VENV)/.installed
PORTS := $(VENV)/.ports
CHECKS := $(VENV)/.checks
# a build for the CPU is enough, and an order of magnitude smaller
TORCH ?= torch==2.13.0
PRESET ?= quick
SIZE ?= quick
OUT ?= runs/verify-$(PRESET)
CORES ?= $(shell $(PYTHON) -c "import os; print(os.cpu_count() or 1)")

.PHONY: verify prove test test-all crosscheck reproduce docs checks lint format clean help

help:
	@echo "make verify   check the claims, print the table, write the report (PRESET=smoke|quick|full)"
	@echo "make prove    check every step of the proofs, print a row each"
	@echo "make crosscheck  compare ports and other packages with the reference (installs torch, jax, optax)"
	@echo "make reproduce   compute the published figures and tables again and compare (SIZE=quick|full)"
	@echo "make docs     build the documentation site in docs/_build/html"
	@echo "make test     run the tests (make test-all: the slow ones too)"
	@echo "make lint     ruff and mypy"

# enough to verify: what checks proofs, builds pages and tests is left for later
$(BASE): pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Python 3.11 or newer is needed; say PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[report,data]"
	@touch $@

$(STAMP): $(BASE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[report,data,test,lint]"
	@touch $@

verify: $(BASE)
	$(BIN)/lra-ref verify --preset $(PRESET) --out $(OUT) --jobs $(CORES)

prove: $(STAMP)
	$(BIN)/python -m proofs_check --jobs $(CORES)

$(PORTS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" --editable ".[ports]"
	@touch $@

crosscheck: $(PORTS)
	$(BIN)/python -m tests.crosscheck.ports
	$(BIN)/python -m pytest -q -n $(CORES) -m "" tests/crosscheck tests/commands/test_crosscheck.py tests/adapters
	$(BIN)/python -m experiments.reproductions agreement --full --check --jobs $(CORES)

reproduce: $(STAMP)
	$(BIN)/python -m experiments.reproductions --check --$(SIZE) --jobs $(CORES)

docs: $(STAMP)
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

# what some slow tests need beyond the others: the driver of a browser
checks: $(CHECKS)
$(CHECKS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[browser]"
	@touch $@

test: $(STAMP)
	$(BIN)/python -m pytest -q -n $(CORES) -m "not slow"

test-all: $(STAMP)
	$(BIN)/python -m pytest -q -n $(CORES)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build docs/_build docs/reference/api dist *.egg-info .pytest_cache .mypy_cache .ruff_cache runs
