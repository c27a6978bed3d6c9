# Two commands are enough on a fresh machine with Python 3.11+ and make: `make verify` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PRESET ?= quick
OUT ?= runs/verify-$(PRESET)
CORES ?= $(shell $(PYTHON) -c "import os; print(os.cpu_count() or 1)")

.PHONY: verify test test-all lint format clean help

help:
	@echo "make verify   check the claims, print the table, write the report (PRESET=smoke|quick|full)"
	@echo "make test     run the tests (make test-all: the slow ones too)"
	@echo "make lint     ruff and mypy"

$(STAMP): pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Python 3.11 or newer is needed; say PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[report,data,test,lint]"
	@touch $@

verify: $(STAMP)
	$(BIN)/lra-ref verify --preset $(PRESET) --out $(OUT) --jobs $(CORES)

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
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache runs
