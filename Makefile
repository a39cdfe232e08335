# heirloom: `make up` starts it, `make test` tests it. Everything else is in `make help`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
EDITOR_DIR := annotator/editor
JOBS ?= 2
# A mirror that pip was told about serves uv as well.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.PHONY: help up test lint format lock inplace editor check-editor pictures bench env clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

up: env ## Start heirloom on this machine, with sample photos (more options: make up UP="--port 8600")
	@exec $(BIN)/heirloom up --sample-photos $(UP)

test: env ## Run all tests
	@$(BIN)/python -m tests.support.tools
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST)

lint: env ## Style, types, import contract, editor, tracked files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.tracked_files
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-editor; \
	else echo "Node is missing: the editor's TypeScript was not checked."; fi

format: env ## Put the Python code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: env ## Lock the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --extra platform --extra team --extra dev \
		--python-version 3.11 pyproject.toml -o requirements.lock
	printf '%s\n' 'inplace-abn>=1.1' 'setuptools-scm>=8' | $(BIN)/uv pip compile --quiet --upgrade --universal \
		--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" \
		--no-emit-package setuptools --no-emit-package packaging --python-version 3.11 - -o requirements-inplace.lock

# It is compiled against the installed torch, so without isolation. What its setup needs besides stays out of the
# environment: setuptools-scm would change what other packages' wheels hold. Where nvcc or the GPU is missing, its CPU
# part alone is built.
inplace: env ## Build inplace-abn, for in-place normalisation (needs a C++ compiler; takes minutes)
	@awk '/^[a-z]/ { on = !/^inplace-abn/ } on' requirements-inplace.lock > $(VENV)/inplace-tools.lock
	@awk '/^[a-z]/ { on = /^inplace-abn/ } on' requirements-inplace.lock > $(VENV)/inplace.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(VENV)/inplace-tools --no-deps --require-hashes \
		-r $(VENV)/inplace-tools.lock
	@path=$(abspath $(VENV)/inplace-tools); \
	if ! command -v nvcc >/dev/null || ! nvidia-smi >/dev/null 2>&1; then path=$(abspath .ci/without_cuda):$$path; fi; \
	echo "Compiling inplace-abn …"; \
	PYTHONPATH=$$path $(BIN)/uv pip install --quiet --python $(BIN)/python --no-cache --reinstall-package inplace-abn \
		--no-deps --no-build-isolation --require-hashes -r $(VENV)/inplace.lock

$(EDITOR_DIR)/node_modules/.ready: $(EDITOR_DIR)/package-lock.json
	@command -v npm >/dev/null || { echo "The editor is built with Node 20 or newer; install nodejs and npm." >&2; exit 1; }
	cd $(EDITOR_DIR) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

editor: $(EDITOR_DIR)/node_modules/.ready ## Build the mask editor and the review viewer
	cd $(EDITOR_DIR) && npm run --silent build

check-editor: $(EDITOR_DIR)/node_modules/.ready
	cd $(EDITOR_DIR) && npm run --silent check

pictures: env ## Make the README's pictures of the pages anew
	HEIRLOOM_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/browser/test_loop.py

bench: env ## Measure speed, memory and quality: everything in tests/benchmarks
	@for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python -m tests.benchmarks.$$(basename $$file .py); done

env: $(VENV)/.ready

# The lock names uv and its hashes as well: pip installs that one entry, uv the rest.
$(VENV)/.ready: requirements.lock pyproject.toml
	@python=""; for each in "$${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$each"; break; fi; done; \
	if [ -z "$$python" ]; then echo "heirloom needs Python 3.11 or newer; none was found (name it with PYTHON=…)." >&2; exit 1; fi; \
	if [ ! -x $(BIN)/python ]; then "$$python" -m venv $(VENV) || { \
		echo "Python could not make an environment; on Debian and Ubuntu, install python3-venv." >&2; exit 1; }; fi
	@echo "Installing what requirements.lock names …"
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

clean: ## Remove the environment and what was built (never var/, where the photos are)
	rm -rf $(VENV) build dist *.egg-info $(EDITOR_DIR)/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
