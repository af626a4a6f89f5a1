# One command from a fresh clone: every target sets up .venv itself (Python 3.11 or newer) and reuses it afterwards.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
WHEEL := build/wheel
SOURCES := $(shell find src -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*')
CODE := $(wildcard src tests docs benchmarks reproductions tools)
# Two test workers, one BLAS thread each: more threads than cores only wait for each other.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help demo test lint style types floors format docs golden emptied laws-slow bench bench-accusations bench-cells bench-coding bench-curves bench-duplicates bench-facts bench-faults bench-generalization bench-labels bench-reading bench-reading-peers attribution repro repro-advice repro-elsewhere repro-groups repro-selection repro-labels clean browser wheel

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

demo: $(VENV)/.core  ## audit digits with planted faults and say what was found
	$(BIN)/samplewise demo

test: $(VENV)/.dev browser wheel  ## tests and doctests on two processes, and the built wheel in an environment of its own
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: style types floors  ## style, types and floors

style: $(VENV)/.dev  ## what ruff has to say
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(VENV)/.dev  ## what mypy has to say
	$(BIN)/mypy

floors: $(VENV)/.dev  ## whether imports go down only
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

BASE ?= HEAD
golden: $(VENV)/.dev  ## whole audits of this working tree beside BASE, a revision or a checkout (default: the last commit)
	$(ONE_THREAD) $(BIN)/python tools/golden.py compare $(BASE) $(ARGS)

emptied: $(VENV)/.dev  ## whether tests notice an emptied module: ten at random; ARGS="--all" or --n-modules, --seed, --only
	$(BIN)/python tools/emptied.py $(ARGS)

docs: $(VENV)/.dev  ## the site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

laws-slow: $(VENV)/.dev  ## coin flips by every method that fits, twenty seeds
	$(ONE_THREAD) $(BIN)/python tests/laws/coin_flips.py

bench: $(VENV)/.bench  ## every script under benchmarks/, results beside it
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

bench-curves: $(VENV)/.bench  ## forecasts of learning curves on data sets the models never saw
	$(ONE_THREAD) $(BIN)/python benchmarks/curves.py

bench-duplicates: $(VENV)/.bench  ## duplicates named in real tables as they are, and with planted copies
	$(ONE_THREAD) $(BIN)/python benchmarks/duplicates.py

bench-reading: $(VENV)/.bench  ## how real tables and planted defects are read, beside an expert's reading
	$(ONE_THREAD) $(BIN)/python benchmarks/reading.py

bench-cells: $(VENV)/.bench  ## codes and slips planted into real tables, leaks and ids, beside an expert's reading
	$(ONE_THREAD) $(BIN)/python benchmarks/cells.py

bench-facts: $(VENV)/.bench  ## labels that are facts: constants fitted again, and tried on the set left out
	$(ONE_THREAD) $(BIN)/python benchmarks/label_facts.py

bench-coding: $(VENV)/.bench  ## changes of label coding that are reported where there are none, and found where there is one
	$(ONE_THREAD) $(BIN)/python benchmarks/label_coding.py

bench-reading-peers: $(VENV)/.bench  ## the planted defects through other tools, each in an environment of its own
	$(ONE_THREAD) $(BIN)/python benchmarks/reading_peers.py
	$(ONE_THREAD) $(BIN)/python benchmarks/reading.py

bench-accusations: $(VENV)/.bench  ## labels of real tables called wrong though they are right; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python benchmarks/accusations.py

bench-faults: $(VENV)/.bench  ## runs killed at random moments, run folders damaged in many ways; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python benchmarks/faults.py

bench-labels: $(VENV)/.bench  ## wrong labels found and mended, beside cleanlab; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python benchmarks/label_issues/run.py

bench-generalization: $(VENV)/.bench  ## the generalization gap beside its bare fits; kernels of supervision complexity
	$(ONE_THREAD) $(BIN)/python benchmarks/generalization.py
	$(ONE_THREAD) $(BIN)/python benchmarks/supervision.py

attribution: $(VENV)/.bench  ## every method of attribution beside its peers, each in an environment of its own
	$(BIN)/python benchmarks/attribution/run.py

repro: $(VENV)/.dev  ## every reproduction, one after another
	for script in reproductions/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

repro-advice: $(VENV)/.dev  ## whole audits, and what every remedy does to locked rows; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python reproductions/advice_audits.py

repro-elsewhere: $(VENV)/.dev  ## the error in another place without labels, beside the truth; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python reproductions/accuracy_elsewhere.py

repro-selection: $(VENV)/.dev  ## rows of a mixed pool that are like a target, beside as many random ones
	$(ONE_THREAD) $(BIN)/python reproductions/importance_resampling.py

repro-groups: $(VENV)/.dev  ## the worst group under each way of training, beside its controls; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python reproductions/group_robustness.py

LABEL_CLAIMS := robust_training data_diet mislabel_detection small_loss_and_forgetting cleaning_labels
repro-labels: $(VENV)/.dev  ## what is claimed about wrong labels and difficulty, one claim after another
	for claim in $(LABEL_CLAIMS); do echo "== $$claim"; $(ONE_THREAD) $(BIN)/python "reproductions/$$claim.py"; done

clean:  ## remove what the other targets made, .venv included
	rm -rf $(VENV) site docs/generated build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The wheel is what people install: it is built, put into an environment that holds its dependencies and nothing else, and
# tried from another directory. Nothing happens while neither the sources nor pyproject.toml have changed.
wheel: $(WHEEL)/.tried  ## build the wheel and try it in a fresh environment without any extra

$(WHEEL)/.tried: $(SOURCES) pyproject.toml README.md tools/try_wheel.py $(WHEEL)/.fresh
	@rm -f $(WHEEL)/*.whl
	$(PIP) wheel -q --no-deps --wheel-dir $(WHEEL) .
	$(WHEEL)/venv/bin/python -m pip --disable-pip-version-check uninstall -q -y samplewise 2>/dev/null
	$(WHEEL)/venv/bin/python -m pip --disable-pip-version-check install -q $(WHEEL)/*.whl
	$(WHEEL)/venv/bin/python -I tools/try_wheel.py
	@touch $@

$(WHEEL)/.fresh: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv --clear $(WHEEL)/venv
	@touch $@

# The report is tested in a real browser: chromium and its driver, each installed where it is missing. Getting them is a
# courtesy: without them those tests skip and say so.
browser:  ## chromium and its driver for the tests of the report, where root can install them
	@found() { for name; do command -v "$$name" >/dev/null && return; done; return 1; }; \
	if found chromium chromium-browser google-chrome && found chromedriver; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver) >/dev/null 2>&1 || true; fi; \
	found chromium chromium-browser google-chrome && found chromedriver || \
		echo "no chromium with chromedriver, and none could be installed: the browser tests will skip"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "samplewise needs Python 3.11 or newer on the path"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade "pip>=25.1"

$(VENV)/.core: pyproject.toml | $(BIN)/python
	$(PIP) install -q -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install -q -e . --group dev
	@touch $@ $(VENV)/.core

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(PIP) install -q -e . --group bench
	@touch $@ $(VENV)/.dev $(VENV)/.core
