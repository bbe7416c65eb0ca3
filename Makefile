# Integrator: make demo and make test are the two commands to know; each sets up what it needs.

PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: setup demo test check faults bench lock clean browser

setup: $(READY)  ## .venv/ with everything and .venv/bin/integrator

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing: install python3.11 and its venv module (Debian: apt-get install python3.11 python3.11-venv), or say PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup  ## plays the story on real sockets; ONCE=1 ends after it
	$(BIN)/integrator demo $(if $(ONCE),--once,)

test: setup browser  ## the whole suite
	$(BIN)/python -m pytest

check: setup  ## ruff, mypy, import contracts
	$(BIN)/ruff check integrator tests scripts bench
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: setup  ## the long proofs, whole; SEED=N draws what an earlier run drew
	INTEGRATOR_PROOFS=whole $(BIN)/python -m pytest -m long $(if $(SEED),--seed $(SEED),) tests

bench: setup  ## speed and memory, JSON lines in bench/out/
	$(BIN)/python -m bench

browser:  ## what the tests need beside Python; without it they say what they left out
	@deploy/test-packages

lock: setup  ## new versions of everything, with hashes and without addresses
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate --generate-hashes pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate --generate-hashes --extra postgres --extra test --extra check requirements-build.in pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) var bench/out build dist
