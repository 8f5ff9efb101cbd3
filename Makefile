# make demo   the whole story on the built-in practice set, offline, in minutes
# make test   the tests
# make notebooks   examples/*.ipynb, from the scripts beside them
# make docs   the tables of docs/reference.md and questions.md, in both languages, from the code and the results
# Each builds .venv from the pinned constraints first.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-all lint format docs notebooks clean

demo: .venv/installed
	$(BIN)/dalmeum demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -n logical --maxprocesses 4 -m "not slow and not browser and not gpu"

test-all: .venv/installed-dev
	$(BIN)/python -m pytest -n logical --maxprocesses 4 -m "not gpu"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: .venv/installed
	$(BIN)/python examples/make_notebooks.py

docs: .venv/installed
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_questions.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dalmeum needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[korean]'
	@touch $@

.venv/installed-dev: .venv/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/installed
