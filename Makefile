# Everything lives in .venv; a second run finds its stamps there and does nothing twice.
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV := uv==0.13.9
SOURCES := domain commands projections read_api consumers infra tests

.DEFAULT_GOAL := help
.PHONY: help up test lint format proof mutants lock

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

up: .venv/up.stamp ## Set everything up and run the product with a Postgres of its own
	@exec $(BIN)/production-tool up $(ARGS)

test: lint ## Set everything up and pass all checks and tests
	@tests/need
	@rm -f .coverage*
	@$(BIN)/pytest -n 3 --dist worksteal --cov --cov-report=term $(ARGS)

lint: .venv/dev.stamp ## Formatting, rules, types and who may import whom
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/dev.stamp ## Let ruff format and mend what it can
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

proof: .venv/dev.stamp ## The same proofs at length: crashes at every failpoint, races, stories, planted bugs
	@tests/need
	@$(LONG) $(BIN)/pytest -s -o faulthandler_timeout=0 -o timeout=0 tests/proof tests/domain tests/api $(ARGS)
	@$(BIN)/python -m tests.proof.mutants

mutants: .venv/dev.stamp ## Plant bugs and see each of them caught; ARGS="a word of its name" for some
	@tests/need
	@$(BIN)/python -m tests.proof.mutants $(ARGS)

lock: .venv/made.stamp ## Pin the newest versions that fit pyproject.toml, with their hashes
	@$(PIP) install --quiet $(UV)
	@rm -f requirements.txt requirements-dev.txt
	@$(COMPILE) --group build pyproject.toml -o requirements.txt
	@$(COMPILE) --no-strip-extras --group build --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

LONG := PROOF_SERVERS=$${PROOF_SERVERS-all} PROOF_DEATHS=$${PROOF_DEATHS-20} PROOF_COMMANDS=$${PROOF_COMMANDS-20000} PROOF_ROUNDS=$${PROOF_ROUNDS-20} \
	PROOF_SMALL_ROUNDS=$${PROOF_SMALL_ROUNDS-1000} PROOF_STORIES=$${PROOF_STORIES-2000} PROOF_EXAMPLES=$${PROOF_EXAMPLES-200} PROOF_OUTAGES=$${PROOF_OUTAGES-1,5,30} \
	PROOF_EVENTS=$${PROOF_EVENTS-1000000} PROOF_BROKER_OUTAGES=$${PROOF_BROKER_OUTAGES-20}

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --extra embedded

.venv/up.stamp: .venv/made.stamp requirements.txt pyproject.toml
	$(call install,requirements.txt)

.venv/dev.stamp: .venv/made.stamp requirements-dev.txt pyproject.toml
	$(call install,requirements-dev.txt)

define install
	@echo "installing $(1)"
	@$(PIP) install --quiet --only-binary :all: --require-hashes -r $(1)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
endef

.venv/made.stamp:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
			$$python -m venv .venv && touch $@ && exit 0 || exit 1; \
		fi; \
	done; \
	echo "No Python 3.11 or newer with venv and ensurepip was found (on Debian: apt-get install python3-venv)." >&2; \
	echo "If it lies elsewhere: make PYTHON=/path/to/python3 up" >&2; \
	exit 1
