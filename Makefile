# `make help` prints what can be done here.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup gotemplate demo test check format bench stack-up stack-down stack-status accuracy clean

help: ## print this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## install the project and its tools into .venv

$(VENV)/.ready: pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: apt-get install python3.11 python3.11-venv, then make PYTHON=python3.11 …"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing dependencies into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@$(MAKE) --no-print-directory gotemplate || \
	  echo "ApplicationSets with goTemplate: true stay unknown until make gotemplate works, which needs Go."
	@touch $@

gotemplate: ## build the program that fills Go templates into .venv (needs Go)
	@CGO_ENABLED=0 go build -C tools/gotemplate -trimpath -ldflags "-s -w" -o $(abspath $(BIN))/auditor-gotemplate .

demo: setup ## watch drift being found, without any server
	@$(BIN)/auditor demo

test: setup ## run everything, the real servers included (built once, then cached)
	@$(BIN)/python -m tests.stack build --install
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## put the code into the house's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## measure speed, as ratios in one run
	@$(BIN)/python -m benchmarks

stack-up: setup ## build (once) and start the real servers; prints their addresses
	@$(BIN)/python -m tests.stack up

stack-down: setup ## stop every server that stack-up started and remove its data
	@$(BIN)/python -m tests.stack down

stack-status: setup ## say which stacks run
	@$(BIN)/python -m tests.stack status

# MANIFESTS=DIR audits anybody's own manifests; SEED=N chooses other changes, EACH=N more of them.
accuracy: setup ## tamper with real objects on real API servers; print what is found and what is missed
	@$(BIN)/python -m tests.stack build
	@$(BIN)/python -m tests.accuracy $(if $(MANIFESTS),--manifests "$(MANIFESTS)") $(if $(SEED),--seed $(SEED)) $(if $(EACH),--each $(EACH))

clean: ## remove what the other targets made in the checkout
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
