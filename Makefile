# Every target explains itself: `make` lists them. `run` and `test` do all the set-up a fresh machine needs.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
OWN_UV := .cache/uv/bin/uv
UV ?= $(shell command -v uv 2>/dev/null || echo $(OWN_UV))
IN := .venv/bin
# More for the command behind a target: make run ARGS="--trickle 0", make test ARGS="tests/rules -x".
ARGS ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: sync assets ## Run everything on this machine: database and broker inside, demo roster, simulated reports
	@$(IN)/liaison run --demo-roster --trickle 20 $(ARGS)

.PHONY: demo
demo: sync ## Tell one referral's story in the terminal, in under a minute
	@$(IN)/liaison demo $(ARGS)

.PHONY: test
test: sync assets ## Run the tests, on real Kafka wherever this machine has one
	@$(IN)/python -m pytest $(ARGS)

.PHONY: bench
bench: sync ## Measure, each figure beside its floor from the same run
	@$(IN)/python -m tests.benchmarks $(ARGS)

.PHONY: prove
prove: sync ## Kill processes under load for some minutes and count what was lost, doubled or out of order
	@$(IN)/python -m tests.chaos $(ARGS)

.PHONY: lint
lint: sync ## Check style, types and who imports whom
	@$(IN)/ruff check .
	@$(IN)/ruff format --check .
	@$(IN)/mypy
	@$(IN)/lint-imports

.PHONY: format
format: sync ## Put the code into its one format
	@$(IN)/ruff check --fix --quiet . ; $(IN)/ruff format .

.PHONY: check
check: lint test ## All that must hold before a change goes in

.PHONY: fresh
fresh: ## Prove that a fresh clone of the last commit sets itself up and passes its tests
	@clone=$$(mktemp -d) && trap 'rm -rf "$$clone"' EXIT && git clone --quiet . "$$clone/liaison" && \
	  $(MAKE) --no-print-directory -C "$$clone/liaison" test ARGS='$(ARGS)'

.PHONY: up
up: ## Run the three services, Kafka, PostgreSQL and a mail catcher in Docker
	@docker compose up --build --detach --wait
	@printf '\n%s\n' \
	  'intake   http://127.0.0.1:8081/docs/intake   where reports go in' \
	  'routing  http://127.0.0.1:8082/board     who has what; /tasks for officers' \
	  'notify   http://127.0.0.1:8083/phones    what people receive' \
	  'mail     http://127.0.0.1:8025/          the mail catcher' \
	  'Stop it, and throw its data away, with: make down'

.PHONY: down
down: ## Stop what `make up` started and leave nothing of it
	@docker compose down --volumes --remove-orphans --rmi local

.PHONY: assets
assets: sync ## Install what the pages are made with into assets/
	@$(IN)/python deploy/assets.py

.PHONY: sync
sync: $(UV) ## Install exactly what the lock file says into .venv
	@$(UV) sync --quiet --all-extras --all-groups --locked

# A machine without uv gets one of its own here. Where the system's Python refuses packages (PEP 668) this still
# works: a virtual environment is not the system's, nor is a --target folder, for systems that cannot make one.
$(OWN_UV):
	@echo 'Bringing uv, once, into .cache/uv'
	@mkdir -p .cache && rm -rf .cache/uv
	@{ $(PYTHON) -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet uv; } >.cache/uv.log 2>&1 \
	  || { rm -rf .cache/uv && $(PYTHON) -m pip install --quiet --target .cache/uv uv; } >>.cache/uv.log 2>&1 \
	  || { echo 'uv could not be installed: $(PYTHON) needs pip or venv, see .cache/uv.log' >&2; exit 1; }
