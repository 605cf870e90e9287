# Needs Python 3.11 or newer and git; npm is used when it is there. `make` lists the commands.
.DEFAULT_GOAL := help
.PHONY: help run test test-api test-faults bench lint format requirements clean

PYTHON ?=
TOOL = @PYTHON="$(PYTHON)" exec tools/python -m

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 24

run: ## Prepare everything once and serve on http://127.0.0.1:$PORT (8000)
	$(TOOL) tools.run

test: ## Run everything; ARGS="tests/keys -k revoke" goes to pytest, PROFILE is lint, embedded or full
	$(TOOL) tools.test

test-faults: ## Kill, cut, poison and race in full size (25 minutes); PROFILE=embedded for the one process
	@FAULTS=whole PYTHON="$(PYTHON)" exec tools/python -m tools.test

test-api: ## Have schemathesis ask the API in all its ways: examples, edges, chains of requests
	@API_CASES=whole ARGS="tests/api/openapi/test_schemathesis.py" PROFILE=embedded PYTHON="$(PYTHON)" exec tools/python -m tools.test

bench: ## Measure boltkeys beside its peers (25 minutes); ARGS="--quick" is a smoke run, ARGS="--help" lists the rest
	$(TOOL) bench.run

lint: ## Check style, types, migrations and production settings
	@PROFILE=lint PYTHON="$(PYTHON)" exec tools/python -m tools.test

format: ## Format the code and fix what can be fixed without a decision
	$(TOOL) tools.format

requirements: ## Compile the *.in files to *.txt anew, with the newest releases; needs uv
	$(TOOL) tools.requirements

clean: ## Remove what can be made again; var/, with the data, stays
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache var/static var/static.stamp
