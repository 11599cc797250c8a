# Everything from a bare machine: `make demo` runs a whole email program, `make test` checks everything.
SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
RUN   := .run

# The first Python on the path that is new enough; `make PYTHON=python3.13 …` takes another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# Debian ships Python without the part that makes virtual environments; root can mend that.
DEBIAN_VENV := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing python3-venv" \
	&& { apt-get update -qq && apt-get install -y -qq python3-venv; } >$(VENV)-log 2>&1

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test bench docs format clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    run a whole email program on this machine, and write $(RUN)/demo/report.html"
	@echo "make test    format, lint, types, layers, tests, coverage, documentation, plain install"
	@echo "make engines segments on Polars, DataFusion, ClickHouse and Spark, too"
	@echo "make bench   compare with named peers, in ratios"
	@echo "make docs    build the documentation into docs/_build/html"

demo: $(VENV)/.ready-demo
	@$(BIN)/python examples/whole_run.py --to $(RUN)/demo

# SLOW=1 runs the tests marked slow, too.
test: $(VENV)/.ready-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --no-incremental examples tests/typing
	$(BIN)/lint-imports
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -m "not engines$(if $(SLOW),, and not slow)" --doctest-modules src/mailkit tests $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --omit='$(shell cat tests/io_modules.txt | tr '\n' ',')' --fail-under=100
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	$(MAKE) plain-install

# The built wheel without any extra: what is promised of the plain install.
.PHONY: plain-install
plain-install: $(VENV)/.ready-test
	rm -rf $(RUN)/dist $(RUN)/plain
	$(BIN)/python -m hatchling build --target wheel --directory $(RUN)/dist >$(RUN)-build.log 2>&1 || { cat $(RUN)-build.log; exit 1; }
	@rm -f $(RUN)-build.log
	$(BIN)/python -m venv $(RUN)/plain
	$(RUN)/plain/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(RUN)/dist/*.whl
	cd $(RUN) && plain/bin/python -W error ../tests/plain_install.py

# Segments on Polars, DataFusion, ClickHouse and Spark (half a gigabyte, and Java): in an environment of their own.
.PHONY: engines
engines: $(VENV)-engines/.ready
	$(VENV)-engines/bin/python -m pytest -m engines tests/segment/sql $(ARGS)

$(VENV)-engines/.ready: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-engines
	$(VENV)-engines/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[stores,testing,engines]' pytest-randomly duckdb 'psycopg[binary]'
	@touch $@

bench: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks

docs: $(VENV)/.ready-test
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

format: $(VENV)/.ready-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(VENV)-engines $(RUN) docs/_build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "mailkit needs Python 3.11 or newer, and none was found; install one, or say which: make PYTHON=/path/to/python3 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >$(VENV)-log 2>&1 || { rm -rf $(VENV); $(DEBIAN_VENV) && $(PYTHON) -m venv $(VENV); } \
		|| { rm -rf $(VENV); cat $(VENV)-log; echo "Python's venv module is incomplete here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@rm -f $(VENV)-log

$(VENV)/.ready-demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing mailkit and what it needs into $(VENV) (once)"
	@$(PIP_INSTALL) --editable '.[all]'
	@touch $@

$(VENV)/.ready-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing mailkit, its extras and the test tools into $(VENV) (once)"
	@$(PIP_INSTALL) --editable '.[all,dev]'
	@touch $(VENV)/.ready-demo $@
