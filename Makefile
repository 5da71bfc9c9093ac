# Vervet. `make demo` shows it, `make test` tests it, `make run` runs it; `make help` lists all.

SHELL := /bin/sh
# The first Python that is new enough; `make PYTHON=/path/to/python3 ...` takes another.
PYTHON ?= $(shell for one in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$one" && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links
# Tests and checks keep their files aside, never in var/, and heed no .env.
ASIDE := VERVET_VAR="$(CURDIR)/build/aside" VERVET_ENV_FILE=/dev/null
SCRATCH := $(ASIDE) DATABASE_URL="sqlite:///$(CURDIR)/build/aside/vervet.sqlite3"

.DELETE_ON_ERROR:
.PHONY: help demo test run lint format types check lock clean bench-scan bench-rules bench-impact \
	bench-console bench-digest

help:
	@echo "make demo         an invented company in a stand-in of AWS, scanned; then the console"
	@echo "make demo ONCE=1  the same, ends after the summary"
	@echo "make run          the console and a worker, on your accounts"
	@echo "make test         the test suite, on SQLite (ARGS=... goes to pytest)"
	@echo "make lint         format, lint, types, Django's checks, migrations, rule packs"
	@echo "make format       formats the code"
	@echo "make lock         writes the locked requirements anew (UPGRADE=1: newest versions)"
	@echo "make bench-scan   what a scan costs, AWS's beside plain boto3 (N=1000; P=aws, gcp, azure or all)"
	@echo "make bench-rules  what evaluating a rule takes beside stock JMESPath"
	@echo "make bench-impact what looking ahead over N stored items takes (N=100000)"
	@echo "make bench-console  what the console's pages take with N items in PostgreSQL (N=100000)"
	@echo "make bench-digest   what the mail of a scan with N changes takes (N=10000)"
	@echo "make clean        removes the virtual environment and build/; var/ stays"

# -- The virtual environment: a stamp for each set of packages, so that nothing is done twice ----

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Vervet needs Python 3.11 or newer: python3 is older, or \
	missing." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python has no venv \
	module. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/run: requirements.txt | $(BIN)/python
	$(INSTALL) -r requirements.txt
	@touch $@

.venv/demo: requirements.txt requirements-demo.txt | $(BIN)/python
	$(INSTALL) -r requirements.txt -r requirements-demo.txt
	@touch $@ .venv/run

.venv/dev: requirements.txt requirements-demo.txt requirements-dev.txt | $(BIN)/python
	$(INSTALL) -r requirements.txt -r requirements-demo.txt -r requirements-dev.txt
	@touch $@ .venv/run .venv/demo

# -- Running --------------------------------------------------------------------------------------

demo: .venv/demo
	@$(BIN)/python manage.py demo $(if $(filter-out 0 no,$(ONCE)),--once)

run: .venv/run
	$(BIN)/python manage.py migrate
	$(BIN)/python manage.py loadpacks
	$(BIN)/python manage.py collectstatic --no-input --verbosity 0
	@$(BIN)/python manage.py serve $(if $(BIND),--bind $(BIND))

# -- Developing -----------------------------------------------------------------------------------

test: .venv/dev
	$(ASIDE) $(BIN)/python -m pytest -n 2 $(ARGS)

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(SCRATCH) $(BIN)/python manage.py check --fail-level WARNING
	$(SCRATCH) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file build/api.yaml
	$(SCRATCH) $(BIN)/python manage.py makemigrations --check --dry-run
	$(SCRATCH) $(BIN)/python manage.py migrate --verbosity 0
	$(SCRATCH) $(BIN)/python manage.py loadpacks --dry-run

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Each lock is constrained by those before it.
lock: .venv/dev
	for one in requirements requirements-demo requirements-dev; do \
	$(COMPILE) $(if $(UPGRADE),--upgrade) $$one.in -o $$one.txt || exit 1; done

clean:
	rm -rf .venv build

# -- Measuring ------------------------------------------------------------------------------------

bench-scan: .venv/dev
	for cloud in $(or $(P),aws gcp azure); do \
		if [ $$cloud = aws ]; then $(BIN)/python -m benchmarks.scan $(or $(N),1000); \
		else $(BIN)/python -m benchmarks.clouds $$cloud $(or $(N),1000); fi || exit 1; \
	done

bench-rules: .venv/dev
	$(BIN)/python -m benchmarks.rules

bench-impact: .venv/dev
	$(BIN)/python -m benchmarks.impact $(or $(N),100000)

bench-console: .venv/dev
	$(BIN)/python -m benchmarks.console $(or $(N),100000)

bench-digest: .venv/dev
	$(BIN)/python -m benchmarks.digest $(or $(N),10000)
