# The verbs of this repository. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
# The port of `make up`, and the interpreter that .venv is made from; empty means: the usual one.
PORT ?=
PYTHON ?=
APP ?= hello
export PYTHON

help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

##@ The service on this machine: no Docker, no cluster
# APP=orders runs in the foreground: database, broker, migration, worker and web process.
up: $(if $(filter-out hello,$(APP)),dev,installed) ## start hello on this machine (PORT=5050, APP=orders)
	@$(if $(filter-out hello,$(APP)),PORT=$(PORT) $(PY) apps/$(APP)/local.py,.venv/bin/morrow up local $(if $(PORT),--port $(PORT)))

down: installed ## stop it
	@.venv/bin/morrow down local

##@ The checks
test: dev ## every test that needs no cluster
	@$(PY) -m tests.prepare
	@$(PY) -m pytest -m "not full" -n 4 --dist worksteal $(ARGS)

# With MORROW_E2E_KUBECONFIG the tests take that cluster; else the lab's, and a lab that was
# started for them is stopped, killed and started again at the end, and taken away.
e2e: dev ## every test that needs a cluster: starts one when none runs
	@mine=; result=0; \
	if [ -z "$${MORROW_E2E_KUBECONFIG:-}" ]; then \
	  $(PY) -m lab status >/dev/null 2>&1 || mine=yes; \
	  $(PY) -m lab up && $(PY) -m lab add argocd || result=1; \
	fi; \
	$(PY) -m pytest tests/e2e -m "not proof and not full and not life" -n 3 --dist worksteal $(ARGS) || result=1; \
	$(PY) -m pytest tests/e2e -m "proof and not full" $(ARGS) || result=1; \
	if [ -n "$$mine" ]; then \
	  $(PY) -m pytest tests/e2e -m life $(ARGS) || result=1; \
	  $(PY) -m lab down || result=1; \
	fi; \
	exit $$result

proof: dev ## every test of a cluster, at 30,000 requests, and a report
	@result=0; \
	$(PY) -m pytest -m full || result=1; \
	[ -n "$${MORROW_E2E_KUBECONFIG:-}" ] || { $(PY) -m lab up && $(PY) -m lab add monitoring && $(PY) -m lab add tracing && $(PY) -m lab add argocd && $(PY) -m lab add flux && $(PY) -m lab add contour; }; \
	$(PY) -m pytest tests/e2e -m "not proof and not life and not alone" -n 3 $(ARGS) || result=1; \
	$(PY) -m pytest tests/e2e -m alone $(ARGS) || result=1; \
	MORROW_PROOF_REQUESTS=30000 $(PY) -m pytest tests/e2e -s -m proof $(ARGS) || result=1; \
	exit $$result

# Costs money: shows the price first, then asks. `FAKE=--fake` runs it on loopback, as far as that goes.
aws-proof: dev ## the platform and hello on a real AWS account, under load, then taken away (ACCOUNT= REGION= ZONE=)
	@$(PY) -m tests.terraform.aws.proof $(FAKE) "$(ACCOUNT)" "$(REGION)" "$(ZONE)"

cluster: dev ## a Kubernetes of three nodes here (Linux, as root)
	@$(PY) -m lab up

cluster-down: dev ## take it away; its images are kept
	@$(PY) -m lab down

coverage: dev ## the kit's tests, every worker counted; fails below 95 % of its branches
	@rm -f .coverage .coverage.*
	@$(PY) -m coverage run -m pytest -m "not full" -q tests/unit/kit $(ARGS)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report --include='src/morrow/kit/*' --skip-covered --fail-under=95

bench: dev ## how fast, beside what people use today
	@$(PY) -m bench

# Each part is a verb of its own, so that pre-commit can call it; one that fails stops no other.
LINTS := lint-python lint-types lint-shell lint-workflows lint-yaml lint-terraform lint-chart
lint: ## everything that reads the sources without running them
	@$(MAKE) --keep-going $(LINTS)

# $(call need,PROGRAM,WHAT): without the program, say so and go on; under CI=true that is a failure.
need = command -v $(1) >/dev/null || { echo "skipped: $(2), because there is no $(1) on PATH" >&2; \
	[ "$${CI:-}" != true ]; exit $$?; }
# $(call built,FOLDER): the same for a program that tools/ builds; its path is then in $$program.
built = program=$$($(PY) -m tools.build $(1))/$(1) || { echo "skipped: $(2)" >&2; \
	[ "$${CI:-}" != true ]; exit $$?; }
SHELL_FILES = git grep -lE '^\#!.*\b(ba)?sh\b' -- .ci lab requirements tools apps

lint-python: dev
	@$(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet . && echo "ruff: clean"

lint-types: dev
	@$(PY) -m mypy

lint-shell: dev
	@$(call need,shellcheck,shell scripts); $(SHELL_FILES) | xargs shellcheck && echo "shellcheck: clean"

lint-workflows: dev
	@$(call built,actionlint,workflows); "$$program" && echo "actionlint: clean"

lint-yaml: dev
	@$(PY) -m yamllint --strict . && echo "yamllint: clean"

lint-terraform: dev
	@$(call need,terraform,Terraform's format); terraform fmt -check -recursive terraform && echo "terraform fmt: clean"

lint-chart: dev
	@$(call built,helm,the chart); "$$program" lint --strict --quiet chart -f environments/base.yaml \
		&& echo "helm lint: clean"

##@ Building
TAG ?= hello:dev
image: ## build hello's image with docker, podman or buildah
	@for builder in docker podman buildah; do \
		if "$$builder" info >/dev/null 2>&1; then echo "building $(TAG) with $$builder"; break; fi; builder=; \
	done; \
	[ -n "$$builder" ] || { echo "error: neither docker, podman nor buildah answers." >&2; exit 1; }; \
	"$$builder" build --file apps/hello/Dockerfile --tag "$(TAG)" .

numbers: dev ## write the pages' numbers anew, from what the last runs here recorded
	@$(PY) -m docs.numbers

dist: dev ## the sdist and the wheel, in dist/
	@rm -rf dist
	@$(PY) -m hatchling build

docs: dev ## the site of all pages, with references made from the code, in build/site
	@$(PY) -m docs.site

lock: dev ## pin the dependencies again, with hashes
	@requirements/lock.sh

clean: ## remove what the verbs made here (not the service's state)
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build

installed: ## make .venv with what `make up` needs
	@requirements/install.sh

dev: ## make .venv with what the checks need
	@requirements/install.sh dev

.PHONY: help up down test e2e proof coverage bench aws-proof lint $(LINTS) cluster cluster-down image numbers dist docs lock clean installed dev
