.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FONTS := node_modules/.ready
CODE := geodata routing api benchmarks scripts tests

.PHONY: help demo serve test check format bench soak clean

help: ## show these goals
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

demo: $(READY) $(FONTS) ## plan the embedded example into build/demo/
	$(BIN)/baogong plan api/examples/coquimbo --out build/demo

serve: $(READY) $(FONTS) ## serve the page and the API on http://127.0.0.1:8000/
	$(BIN)/baogong serve

test: check ## check, then the slow suites
	$(BIN)/pytest -m slow

check: $(READY) $(FONTS) ## format, lint, types, import direction, fast tests
	@scripts/system-packages chromium || true
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -m "not slow"

format: $(READY) ## format the code and sort its imports
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: $(READY) $(FONTS) ## measure on real networks; results to benchmarks/results/
	$(BIN)/python -m benchmarks.travel_times
	$(BIN)/python -m benchmarks.roads
	$(BIN)/python -m benchmarks.turn_designs
	$(BIN)/python -m benchmarks.dalian report
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.county
	$(BIN)/python -m benchmarks.planted
	$(BIN)/python -m benchmarks.reasons

soak: $(READY) $(FONTS) ## the randomised suites with twenty times the examples
	BAOGONG_SOAK=20 $(BIN)/pytest -k "random or property or enumerated or reasons or planted" tests

clean: ## remove what make made
	rm -rf $(VENV) node_modules build cache

$(READY): requirements.lock pyproject.toml
	@scripts/system-packages venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Without npm the maps fall back to a Chinese font of the system, or to English labels.
$(FONTS): package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --ignore-scripts; \
	else echo "npm is missing: maps use a font of the system instead of Noto Sans SC"; mkdir -p node_modules; fi
	@touch $@
