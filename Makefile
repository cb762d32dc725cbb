# Every target sets itself up in .venv when it is missing or when a lock has changed.
# Needs Python 3.11 or later, and a package index that pip can reach.

# Two processes, whatever the machine: most tests of tests/kafka wait, and each process runs a broker.
SPREAD := -n 2 --dist worksteal
PURE_TESTS := tests/schemas tests/engine tests/model tests/properties tests/runtime
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# The first of these that runs and is new enough; `make PYTHON=…` decides otherwise.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

.PHONY: help demo test torture check bench lock clean

help:
	@echo "make demo    a made-up company lives before your eyes"
	@echo "make test    all tests; the pure half also interpreted, with its branches counted"
	@echo "make torture workers and broker disturbed at random, for RAPPORT_TORTURE_MINUTES (5)"
	@echo "make check   formatting, lint, types, layers"
	@echo "make bench   the figures of the README, measured on this machine"
	@echo "make lock    new requirement locks from pyproject.toml"
	@echo "make clean   remove caches and the demo's data (.venv stays)"

demo: .venv/.installed
	@.venv/bin/rapport demo --data .demo

test: .venv/.installed
	@echo "Testing the pure half interpreted, to see that every branch of it is run…"
	@.venv/bin/coverage erase
	@NUMBA_DISABLE_JIT=1 .venv/bin/coverage run -m pytest -q $(SPREAD) -m "not compiled_only and not slow" $(PURE_TESTS)
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report
	@echo "Testing everything, compiled…"
	@.venv/bin/python -m pytest $(SPREAD)

torture: .venv/.installed
	@.venv/bin/python -m pytest -q -s -m torture tests/kafka

check: .venv/.installed
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench: .venv/.installed
	@.venv/bin/python -m bench

lock: .venv/.uv
	@echo "Resolving the locks for Python 3.11 and later…"
	@$(LOCK) --upgrade pyproject.toml --output-file requirements.lock
	@$(LOCK) --upgrade pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	@rm -rf .coverage .demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	@find schemas streams tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# The editable install is built with the setuptools of the lock (no build isolation), as a plain path:
# its import hook would make every start slower.
.venv/.installed: .venv/.uv requirements.lock requirements-dev.lock pyproject.toml
	@echo "Installing the locked packages into .venv: about a minute the first time…"
	@.venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements-dev.lock
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --no-build-isolation --no-deps --config-setting editable_mode=compat -e .
	@touch $@

.venv/.uv:
	@test -n "$(PYTHON)" || { echo "Rapport needs Python 3.11 or later, and found none. Install one, or say: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON)…"
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ rm -rf .venv; echo "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@.venv/bin/uv --version >/dev/null 2>&1 || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@
