# Each command makes .venv first when it is missing or out of date. `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
PORT ?=

.PHONY: help build serve test test-quick bench datasette1 check docs lock clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

build: .venv/run  ## sources/ becomes build/releases/latest/
	$(BIN)/servicebanken build

serve: build  ## opens the release in a browser; PORT=8080 for another port
	$(BIN)/servicebanken serve $(if $(PORT),--port $(PORT))

test-quick: .venv/test  ## under 90 seconds: no browser, no server, no kill loops
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test: .venv/spark .venv/validators/ready .venv/moto/ready .venv/schemathesis/ready .venv/datasette1/ready  ## all tests, about ten minutes on two cores
	$(BIN)/python -m pytest -n auto --dist loadfile

bench: .venv/bench build  ## ratios against other tools, measured in one run
	$(BIN)/python -m benchmarks.build
	$(BIN)/python -m benchmarks.collect
	$(BIN)/python -m benchmarks.describe
	$(BIN)/python -m benchmarks.explore
	$(BIN)/python -m benchmarks.observations
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.release
	$(BIN)/python -m benchmarks.validate
	$(BIN)/python -m benchmarks.diff

# All tests of serving on the newest pre-release of Datasette 1.0; `test` compares the two versions' answers.
datasette1: .venv/datasette1/ready  ## the tests of serving on the pre-release of Datasette 1.0
	.venv/datasette1/bin/python -m pytest tests/serve -n auto --dist loadfile

check: .venv/test  ## lint and strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: .venv/run  ## renews docs/cli.md
	$(BIN)/python docs/cli_reference.py > docs/cli.md

# The locked versions, with hashes and without addresses, for every Python from 3.11 on.
lock: .venv/test  ## renews the locked versions
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" pyproject.toml locks/build.in -o locks/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --extra test pyproject.toml locks/build.in -c locks/run.txt -o locks/test.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --extra bench pyproject.toml locks/build.in -c locks/test.txt -o locks/bench.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --extra spark pyproject.toml locks/build.in -c locks/test.txt -o locks/spark.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" locks/validators.in -o locks/validators.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" locks/moto.in -o locks/moto.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" locks/schemathesis.in -o locks/schemathesis.txt
	grep -v '^[ #]' locks/test.txt | sed 's/ *\\$$//' | grep -v '^datasette==' > build/constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --extra test --override locks/datasette1.in -c build/constraints.txt \
	  pyproject.toml locks/build.in -o locks/datasette1.txt
	rm build/constraints.txt

clean:  ## removes what make and the pipeline made
	rm -rf .venv build/package build/releases build/state.json

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 build")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/run: .venv/python locks/run.txt pyproject.toml
	@echo "Installing the locked dependencies into .venv: about a minute, once"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/run.txt
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/test: .venv/run locks/test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/test.txt
	touch $@

# What judges the descriptions of a release asks for other versions than frictionless does.
.venv/validators/ready: .venv/python locks/validators.txt
	$(BIN)/python -m venv .venv/validators
	.venv/validators/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/validators.txt
	touch $@

.venv/moto/ready: .venv/python locks/moto.txt
	$(BIN)/python -m venv .venv/moto
	.venv/moto/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/moto.txt
	touch $@

.venv/schemathesis/ready: .venv/python locks/schemathesis.txt
	$(BIN)/python -m venv .venv/schemathesis
	.venv/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/schemathesis.txt
	touch $@

.venv/bench: .venv/test locks/bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/bench.txt
	touch $@

# 400 MB: the tests of Spark are skipped where it is not installed.
.venv/spark: .venv/test locks/spark.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/spark.txt
	touch $@

.venv/datasette1/ready: .venv/python locks/datasette1.txt pyproject.toml
	$(BIN)/python -m venv .venv/datasette1
	.venv/datasette1/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/datasette1.txt
	PYTHONWARNINGS=ignore .venv/datasette1/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
