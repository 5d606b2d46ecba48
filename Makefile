# The only bootstrap. Needs Python 3.11-3.13 and make; everything else lands in .venv.
#
#   make quickstart    the whole pipeline on this machine: baseline vs final
#   make test          all tests, the cluster's among them
#   make check         ruff, mypy --strict, snakefmt, snakemake --lint
#   make bench         speed, ours against the named rivals: benchmarks/latest.json
#   make slurm         a SLURM cluster on this machine by hand: a shell with it in PATH
#   make slurm-test    the cluster's tests alone: the whole DAG and clusters' failures, one by one
#   make slurm-run     the full run on your cluster, again after any kill: ARGS=...
#   make simulate      20k to 100M candidates over 4 to 1,024 GPUs: where it becomes slow
#   make fuzz          attack the checker: MUTANTS=100000 SEED=1
#   make lock          resolve requirements/*.lock anew from pyproject.toml
#   make clean         remove the environment and caches; results stay
#   make docs          draw the rules: docs/dag.svg, write the prompts: docs/prompts.md
#   make schema        write config/settings.schema.json and docs/schemas from their models

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; `make PYTHON=...` overrides.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)
VENV ?= .venv
# cpu: torch's CPU build and vLLM built for CPUs. gpu: CUDA. v100: the last CUDA builds for a V100.
# core: none of these (the checker and the data). Unsaid: what the environment has, else cpu.
EXTRA ?= $(or $(patsubst $(VENV)/.installed-%,%,$(firstword $(wildcard $(VENV)/.installed-*))),cpu)
OTHERS = $(filter-out $(VENV)/.installed-$(EXTRA),$(wildcard $(VENV)/.installed-*))
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
TORCH_CPU := torch==2.13.0+cpu
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: slurm slurm-test slurm-run simulate slurm-packages install quickstart test check bench fuzz clean docs lock schema system-packages

install: $(VENV)/.installed-$(EXTRA)

# The dependencies come from a full lock, so --no-deps: what the lock leaves out (CUDA builds of
# torchvision and friends) must stay out. Each step says what it does; none prints a page.
$(VENV)/.installed-$(EXTRA): pyproject.toml requirements/$(EXTRA).lock
	@if [ -z "$(PYTHON)" ]; then
	  echo "error: no Python 3.11, 3.12 or 3.13 found; fix: install one, or make PYTHON=/path/to/python" >&2
	  exit 1
	fi
	if [ -n "$(OTHERS)" ]; then
	  echo "error: EXTRA=$(EXTRA): $(VENV) holds $(OTHERS:$(VENV)/.installed-%=%), and the two would mix; fix: another VENV=..., or make clean first" >&2
	  exit 1
	fi
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	if [ $(EXTRA) = cpu ]; then
	  echo "installing torch (CPU build)"
	  $(PIP) $(TORCH_CPU) 2> $(VENV)/pip.log \
	    || $(PIP) --index-url $(TORCH_CPU_INDEX) $(TORCH_CPU) 2>> $(VENV)/pip.log \
	    || { cat $(VENV)/pip.log >&2; exit 1; }
	fi
	echo "installing $$(grep -vc '^#' requirements/$(EXTRA).lock) locked packages"
	$(PIP) -r requirements/$(EXTRA).lock 2> $(VENV)/pip.log || { tail -n 20 $(VENV)/pip.log >&2; exit 1; }
	$(PIP) --no-build-isolation --editable . 2> $(VENV)/pip.log || { cat $(VENV)/pip.log >&2; exit 1; }
	touch $@

quickstart: install
	@snakemake --quiet rules
	python -m olympiad_ineq.report.headline results/eval/baseline.json results/eval/final.json results/report/index.html

test: install system-packages slurm-packages
	@python -m pytest $(PYTEST)

check: install
	@ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile rules
	snakemake --lint
	python -m olympiad_ineq.settings_schema --check config/settings.schema.json
	python -m olympiad_ineq.record_schemas --check docs/schemas

bench: install
	@python benchmarks/run.py

schema: install
	@python -m olympiad_ineq.settings_schema --write config/settings.schema.json
	python -m olympiad_ineq.record_schemas --write docs/schemas

slurm: install slurm-packages
	@python -m tests.slurm.cluster

slurm-test: install slurm-packages
	@python -m pytest tests/slurm $(PYTEST)

# Jobs that a killed Snakemake left in the queue are cancelled first; the rest goes on where it was.
slurm-run: install
	@snakemake --profile profiles/slurm $(ARGS)

simulate: install
	@python -m benchmarks.common.simulate

# Semantic mutants of proved proofs: none that the kernel accepts may be refutable.
fuzz: install
	@python -m tests.fuzz --mutants $(or $(MUTANTS),100000) --certificates $(or $(MUTANTS),100000) --seed $(or $(SEED),1) --record benchmarks/fuzz-latest.json

# A browser for the report's tests and graphviz for the DAG's picture, from Debian.
system-packages:
	@missing=""
	for pair in chromium:chromium chromedriver:chromium-driver dot:graphviz; do
	  command -v "$${pair%%:*}" > /dev/null || missing="$$missing $${pair##*:}"
	done
	if [ -n "$$missing" ]; then
	  if ! command -v apt-get > /dev/null || [ "$$(id -u)" != 0 ]; then
	    echo "error: missing$$missing; fix: install these packages (apt-get install$$missing) as root" >&2
	    exit 1
	  fi
	  echo "installing$$missing"
	  apt-get update -qq > /dev/null
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing > /dev/null
	fi

# SLURM for the tests of the cluster profile, from Debian. They say so and are skipped without it.
slurm-packages:
	@if ! command -v slurmctld > /dev/null && [ ! -x /usr/sbin/slurmctld ]; then
	  if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then
	    echo "installing slurm-wlm munge slurmdbd mariadb-server"
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	      --no-install-recommends slurm-wlm munge slurmdbd mariadb-server; } > /dev/null \
	      || echo "SLURM could not be installed: the cluster tests are skipped"
	  else
	    echo "no SLURM here, and no apt with root: the cluster tests are skipped"
	  fi
	fi

# Resolve for all supported Pythons at once; the overrides say what stays out and why.
lock:
	@$(PYTHON) -m venv /tmp/olympiad-ineq-lock
	/tmp/olympiad-ineq-lock/bin/pip install --quiet --disable-pip-version-check uv 2> /dev/null
	compile="/tmp/olympiad-ineq-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header pyproject.toml --extra dev"
	$$compile --extra cpu --override requirements/cpu.overrides | grep -v "sys_platform == 'never'" > requirements/cpu.lock.new
	mv requirements/cpu.lock.new requirements/cpu.lock
	$$compile --constraint requirements/cpu.lock > requirements/core.lock.new
	mv requirements/core.lock.new requirements/core.lock
	$$compile --extra gpu --override requirements/gpu.overrides | grep -v "sys_platform == 'never'" > requirements/gpu.lock.new
	mv requirements/gpu.lock.new requirements/gpu.lock
	$$compile --extra v100 --override requirements/v100.overrides | grep -v "sys_platform == 'never'" > requirements/v100.lock.new
	mv requirements/v100.lock.new requirements/v100.lock

# Results cost hours to make: `clean` leaves them, and says so.
clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	echo "removed the environment and caches; results/ stays (delete it yourself if you mean to)"

# The picture of the rules that README shows, and the page of prompts.
docs: install
	@python -m olympiad_ineq.prompt_page --write docs/prompts.md
	snakemake --forceall --rulegraph 2> /dev/null | sed 's/rounded,dashed/rounded/' | dot -Tsvg > docs/dag.svg
