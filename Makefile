# Everything runs in .venv, which `make` creates and keeps in sync with the lock file.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONUNBUFFERED := 1
# Compiled code is kept: the tests alone start hundreds of processes that import the same modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help dev tokens-demo test test-rest test-all chaos lint format settings freeze lock bench

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

dev: .venv/ready .env  ## Run everything here: PostgreSQL, web, workers and clock (port 8080, or PORT)
	@COFFER_ENV=development WEBHOOK_ALLOW_LOOPBACK=$${WEBHOOK_ALLOW_LOOPBACK-true} \
	  exec $(BIN)/python -m webapp.dev

tokens-demo: .venv/ready tests/chain/node_modules/.package-lock.json  ## Show ten tokens from mint to picture, on a chain of its own
	@exec $(BIN)/python -m demos.tokens

test: .venv/ready  ## Run most tests on their own PostgreSQL, in about a minute
	@$(BIN)/python -m pytest -n 2 -m "not processes and not long and not fuzz"

test-rest: .venv/ready tests/oidc/node_modules/.package-lock.json tests/spectral/node_modules/.package-lock.json tests/chain/node_modules/.package-lock.json tests/s3/.venv/ready  ## Run the tests that make test leaves out: whole processes, much random input
	@$(BIN)/python -m pytest -n 2 -m "processes or long or fuzz" --deep

test-all: test test-rest  ## Run everything

chaos: .venv/ready  ## Inject failures for minutes, and check that no work is lost or doubled
	@$(BIN)/python -m pytest -s tests/processes/chaos --chaos-seconds=$(or $(SECONDS),180)

lint: .venv/ready  ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/ready  ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/ready  ## Run the benchmarks; benchmarks/README.md says what they measure
	@$(BIN)/python -m benchmarks

settings: .venv/ready  ## Generate .env.example and the settings in docker-compose.yml
	@$(BIN)/python -m webapp.settings

freeze: .venv/ready  ## At a release: fix the migrations from now on
	@$(BIN)/python -m sql.released

lock: .venv/ready  ## Pin the dependencies that setup.cfg names to their newest versions
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate setup.cfg -o requirements.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate tests/s3/requirements.in -o tests/s3/requirements.txt
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra meaning -c requirements.lock setup.cfg -o requirements-meaning.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra ocr -c requirements.lock setup.cfg -o requirements-ocr.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra s3 -c requirements.lock setup.cfg -o requirements-s3.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra tokens -c requirements.lock setup.cfg -o requirements-tokens.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra dev --extra meaning --extra otel --extra s3 --extra tokens -c requirements.lock setup.cfg -o requirements-dev.lock

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@if command -v npm >/dev/null; then \
	  npm ci --silent --no-audit --no-fund --prefix tests/$* && touch $@; \
	else \
	  echo "npm is not installed: what uses tests/$* does without, or is skipped."; \
	fi

tests/s3/.venv/ready: tests/s3/requirements.txt .venv/ready
	@$(BIN)/uv venv -q --clear tests/s3/.venv
	@$(BIN)/uv pip install -q --python tests/s3/.venv --require-hashes -r tests/s3/requirements.txt
	@touch $@

.env:
	@cp .env.example .env

.venv/ready: requirements-dev.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Coffer needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@echo "Installing into .venv (about a minute, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/ready
