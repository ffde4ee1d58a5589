# Tasks of the project. `make` lists them.
PYTHON  ?= python3
PROFILE ?= $(if $(DATA),smoke,matched)
DATA    ?=
SEED    ?=
ARGS    ?=

VARIANTS ?= $(addprefix matched-,batch-8 batch-8-rate decay faultless easier harder random-order longer shorter start \
  fine base-16 beyond)
# one more than cores: some tests wait for a browser or for another process
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
BENCHMARKS ?= photometric sampling losses metrics training inference

CHROMIUM ?= $(firstword $(FOILSEG_CHROMIUM) $(foreach name,chromium chromium-browser google-chrome \
  google-chrome-stable,$(shell command -v $(name))))

VENV := .venv
BIN  := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
  -c constraints.txt
# pip compiles on one core; files that no Python of this version can read do not matter
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
PARAMETERS = -p profile $(PROFILE) $(if $(DATA),-p data '$(DATA)') $(if $(SEED),-p seed $(SEED))
TRAININGS = $(shell seq $(or $(SEED),0) $$(($(or $(SEED),0) + 2)))
WHAT = --profile $(PROFILE) $(if $(DATA),--data '$(DATA)')
CONTENTS = $(if $(DATA),--toc _toc_own.yml)
STUDY = $(WHAT) $(if $(SEED),--seed $(SEED))

.DEFAULT_GOAL := help
.PHONY: help setup book pdf test lint study variants bench pair clean

help:  ## list the tasks
	@echo "make TASK, where TASK is"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 10
	@echo "variables: PROFILE=matched|smoke|photographs|tiles|desk|thesis (smoke if DATA is given),"
	@echo "           DATA=DIR (a dataset folder; the twin if empty), SEED=NUMBER, ARGS='what pytest takes, or foilseg ship'"

setup: $(VENV)/.book  ## set up .venv/ alone, for the command foilseg; other tasks do it as well

book: $(VENV)/.book  ## execute the chapters that are no longer valid and build _build/html
	$(if $(DATA),@$(BIN)/foilseg estimate '$(DATA)' $(if $(filter file,$(origin PROFILE)),,--profile $(PROFILE)))
	@begin=$$(date +%s) && \
	$(BIN)/foilseg chapter all $(PARAMETERS) && rm -rf _build/html && \
	$(BIN)/jupyter-book build . --all $(CONTENTS) -n -W --keep-going -q && \
	echo "the book is in _build/html/index.html ($$(($$(date +%s) - begin)) s)"

pdf: book  ## print the book to _build/foilseg.pdf (needs Chromium)
	@test -n "$(CHROMIUM)" || { echo "no Chromium found: apt-get install chromium, or CHROMIUM=PATH"; exit 1; }
	$(BIN)/jupyter-book build . --all $(CONTENTS) --builder singlehtml -n -W --keep-going -q
	@cd _build/singlehtml && cp book/chapters/00_front.html book.html && \
	$(CHROMIUM) --headless --disable-gpu $(if $(filter 0,$(shell id -u)),--no-sandbox) \
	  --no-pdf-header-footer --virtual-time-budget=60000 \
	  --print-to-pdf=../foilseg.pdf "file://$$PWD/book.html"

test: $(VENV)/.test  ## run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.test  ## check style, formatting and the notebooks' rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q tests/test_project.py

study: $(VENV)/.book  ## train all models three times, and pack them into results/
	@for seed in $(TRAININGS); do \
	  $(BIN)/foilseg train all $(WHAT) --seed $$seed || exit 1; \
	done
	$(BIN)/foilseg ship --stability $(STUDY) $(ARGS)

variants: $(VENV)/.book  ## train the variants of the study and pack them into results/
	@for name in $(VARIANTS); do \
	  $(BIN)/foilseg train all --profile $$name && \
	  $(BIN)/foilseg ship --profile $$name --numbers-only || exit 1; \
	done

bench: $(VENV)/.test  ## measure speed and memory (idle machine), into benchmarks/results/
	@mkdir -p benchmarks/results
	@for name in $(BENCHMARKS); do echo "== $$name"; \
	  $(BIN)/python -m benchmarks.$$name | tee benchmarks/results/$$name.part && \
	  mv benchmarks/results/$$name.part benchmarks/results/$$name.txt || exit 1; done

pair: $(VENV)/.book  ## write the notebooks' text twins (notebooks/*.md)
	$(BIN)/jupytext --quiet --to md:myst notebooks/*.ipynb

clean:  ## remove the book and the executed chapters; trained runs and data stay
	rm -rf _build book/chapters .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("foilseg needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.book: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "setting up $(VENV), a few minutes the first time"
	$(INSTALL) -e ".[book]"
	@$(COMPILE)
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "setting up $(VENV), a few minutes the first time"
	$(INSTALL) -e ".[book,test]"
	@$(COMPILE)
	@touch $(VENV)/.book $@
