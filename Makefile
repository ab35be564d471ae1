PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
READY := $(VENV)/.installed
# One more than there are processors: many tests wait for servers and browsers.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.DEFAULT_GOAL := help
.PHONY: help install run test coverage mutation lint types check acceptance reliability bench bench-prism bench-dashboard bench-growth bench-history bench-memory bench-pages bench-stores screenshots clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## Install mockserver and what its tests need into .venv

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("mockserver needs Python 3.11 or newer; try make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY) ## Serve the five APIs on http://127.0.0.1:8000 (HOST and PORT change that)
	$(BIN)/mockserver serve --host $(HOST) --port $(PORT)

test: $(READY) ## Run all tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

coverage: $(READY) ## Run all tests, and fail if they run too little of the code
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal
	$(BIN)/coverage combine --quiet
	@echo "Percentage of lines and branches that tests run ('$(BIN)/coverage report' lists the others):"
	@$(BIN)/coverage report --format=total

mutation: $(READY) ## Change the code in small ways, and list what no test notices (MODULES=engine/limits.py)
	$(BIN)/python -m tests.mutation.run $(MODULES)

lint: $(READY) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types
	$(BIN)/mypy

check: lint types coverage ## Run lint, types, and all tests with coverage

acceptance: $(READY) ## Install the wheel elsewhere, and test real clients with it 20 times
	$(BIN)/python tests/acceptance/run.py

reliability: $(READY) ## Try to break shared sandboxes: crowds, crashes, outages, clocks (PARTS="quota scale")
	$(BIN)/python -m tests.reliability.run $(PARTS)

bench: $(READY) ## Measure speed side by side with a bare ASGI application and FastAPI
	$(BIN)/python benchmarks/run.py

bench-prism: $(READY) ## Compare with Prism, which npm installs into a temporary folder
	$(BIN)/python benchmarks/prism.py

bench-dashboard: $(READY) ## Measure the dashboard in Chromium
	$(BIN)/python benchmarks/dashboard.py

bench-growth: $(READY) ## Measure inputs that could take very much time or memory
	$(BIN)/python benchmarks/growth.py

bench-stores: $(READY) ## Measure stores side by side with memory; needs a redis-server
	$(BIN)/python benchmarks/stores.py

bench-history: $(READY) ## Measure forks and rewinds of a sandbox with 100,000 invitations
	$(BIN)/python benchmarks/history.py

bench-memory: $(READY) ## Compare what histories need with what they say they need
	$(BIN)/python benchmarks/history_memory.py

bench-pages: $(READY) ## Measure pages of long lists of the control API
	$(BIN)/python benchmarks/paged_reads.py

screenshots: $(READY) ## Take the pictures of docs/images anew from the running product
	$(BIN)/python -m tests.browser.screenshots

clean: ## Remove what was installed and cached
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
