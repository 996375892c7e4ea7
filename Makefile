# Each target does its own set-up: uv where it exists, else venv and pip. Python 3.11 or later.

.PHONY: help demo test check format score crash power fuzz bench docs clean
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin

# Debian's python3 may come without ensurepip (python3-venv): then the system's pip fills the
# environment from outside, which PEP 668 allows.
define install
	@test -n "$(PYTHON)" || { echo "monitor needs Python 3.11 or later"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv sync --quiet --locked --no-dev --inexact --compile-bytecode $(if $(1),--extra $(1)); \
	elif { test -x $(BIN)/pip || $(PYTHON) -m venv .venv >/dev/null 2>&1; } && test -x $(BIN)/pip; then \
		$(BIN)/pip install --quiet --disable-pip-version-check --editable '.$(if $(1),[$(1)])'; \
	else \
		rm -rf .venv && $(PYTHON) -m venv --without-pip .venv && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --editable '.$(if $(1),[$(1)])'; \
	fi
endef

help:
	@echo "make demo     the whole daemon on loopback: no network, no accounts; leaves demo/"
	@echo "make test     the test suite"
	@echo "make check    ruff, mypy, import contracts, docs"
	@echo "make docs     regenerate docs/reference and the config schema"
	@echo "make score    how polite the feed client is;  make score DAYS=10000 for the long form"
	@echo "make crash    kill -9 at every system call; POINTS=60 SEED=1 for some of them"
	@echo "make power    10,000 states of the disk after a power cut; N=300 SEED=1 for some of them"
	@echo "make fuzz     100,000 mutated feeds through the parser"
	@echo "make bench    benchmarks, one JSON line each"

.venv/.ready: pyproject.toml uv.lock
	$(call install,)
	@touch $@

.venv/.ready-test: pyproject.toml uv.lock
	$(call install,test)
	@touch $@ .venv/.ready

demo: .venv/.ready
	@$(BIN)/monitor demo

test: .venv/.ready-test
	$(BIN)/pytest $(ARGS)

check: .venv/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.docs --check

format: .venv/.ready-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/.ready-test
	$(BIN)/python -m tests.docs

score: .venv/.ready-test
	$(BIN)/python -m tests.politeness $(if $(DAYS),--days $(DAYS))

crash: .venv/.ready-test
	$(BIN)/python -m tests.crash kill --points $(or $(POINTS),0) $(if $(SEED),--seed $(SEED)) --jobs $(or $(JOBS),2)

power: .venv/.ready-test
	$(BIN)/python -m tests.crash power --images $(or $(N),10000) $(if $(SEED),--seed $(SEED))

fuzz: .venv/.ready-test
	$(BIN)/python -m tests.fuzz_feeds $(or $(N),100000)

bench: .venv/.ready-test
	@for f in benchmarks/bench_*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis demo dist
