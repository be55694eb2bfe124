.DEFAULT_GOAL := help
.PHONY: help run demo test conformance fuzz soak lint types audit bench bench-full clean requirements

N ?= 3
TEST_WORKERS ?= 3
TEST_ARGS ?= tests
FUZZ_SECONDS ?= 120
MINUTES ?= 60
SEED ?= 7
BENCH_ARGS ?= --charge-points 500 --rate 600 --seconds 60 --mode queue
VENV := .venv
STAMP := $(VENV)/.installed
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP) ## Start everything on this machine; Ctrl-C ends it
	@# The shell outlives Ctrl-C and TERM, so that honcho ends all; its 130 and 143 are no error to report
	@$(IN_VENV) honcho start & honcho=$$!; trap : INT; trap 'kill -TERM $$honcho' TERM; code=0; \
	while kill -0 $$honcho 2>/dev/null; do wait $$honcho; code=$$?; done; \
	[ $$code -eq 130 ] || [ $$code -eq 143 ] || exit $$code

demo: $(STAMP) ## Charge with N simulated charge points (make run must be running): make demo N=3
	@exec $(VENV)/bin/python -m bench.demo --charge-points $(N)

test: $(STAMP) ## Run all tests, or some: make test TEST_ARGS=tests/unit
	@exec $(VENV)/bin/python -m pytest -q -n $(TEST_WORKERS) --dist worksteal $(TEST_ARGS)

conformance: $(STAMP) ## Show every certification case, wire vector and quirk; writes docs/conformance.md
	@exec $(VENV)/bin/python -m pytest -q -n $(TEST_WORKERS) -p tests.conformance.report \
		--conformance-table docs/conformance.md -m conformance tests/conformance

fuzz: $(STAMP) ## Throw broken frames at a running system: make fuzz FUZZ_SECONDS=120
	@FUZZ_SECONDS=$(FUZZ_SECONDS) exec $(VENV)/bin/python -m pytest -q -n 0 tests/conformance/test_fuzz.py

soak: $(STAMP) ## Break things at random under load, and report: make soak MINUTES=60 SEED=7
	@exec $(VENV)/bin/python -m tests.faults.soak --minutes $(MINUTES) --seed $(SEED)

lint: $(STAMP) ## Check style, formatting and the import contracts
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check .
	@$(VENV)/bin/lint-imports --no-logo

types: $(STAMP) ## Check the types
	@exec $(VENV)/bin/mypy

audit: $(STAMP) ## Look for risky code, and for known vulnerabilities of the pinned packages
	@$(VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive app gateway workers beat bench
	@exec $(VENV)/bin/python .ci/advisories.py

bench: $(STAMP) ## Measure: make bench BENCH_ARGS="--charge-points 500 --rate 600 --seconds 60 --mode bypass"
	@exec $(VENV)/bin/python -m bench $(BENCH_ARGS)

bench-full: $(STAMP) ## Measure everything, hours: make bench-full FAST_MONGODB=mongodb://... writes bench/RESULTS.md
	@exec $(VENV)/bin/python -m bench.full $(if $(FAST_MONGODB),--fast-mongodb "$(FAST_MONGODB)") $(BENCH_FULL_ARGS)

clean: ## Remove the virtual environment and the caches; keep the data in var/
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

requirements: $(STAMP) ## Compile requirements/*.in to exact pins; UPGRADE=--upgrade takes the newest
	@# dev.txt holds everything; the others are parts of it, so that all processes agree on every version
	@for set in dev base gateway api workers tracing; do \
		UV_CUSTOM_COMPILE_COMMAND="make requirements" $(VENV)/bin/uv pip compile --quiet --universal \
			--python-version 3.11 --annotation-style line --no-emit-index-url --no-emit-find-links \
			$$([ $$set = dev ] && echo "$(UPGRADE)" || echo "-c requirements/dev.txt") \
			-o requirements/$$set.txt requirements/$$set.in || exit 1; \
	done

$(STAMP): requirements/dev.txt
	@python=""; for candidate in python3.11 python3; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed, and neither python3.11 nor python3 is one." >&2; exit 1; \
	fi; \
	[ -x $(VENV)/bin/pip ] || $$python -m venv $(VENV) || exit 1; \
	echo "Installing the pinned requirements into $(VENV) (once, about a minute) ..."; \
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
