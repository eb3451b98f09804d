# Every target installs what it needs; only Python 3.11+, make and git must be installed.
PYTHON ?= python3
PORT ?= 8000
MINUTES ?= 25
OPERATIONS ?= 1000000
SEED ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REFERENCE_APPS := benchmarks/reference_apps
REFERENCE_APPS_READY := $(REFERENCE_APPS)/.venv/.ready
SUPPLY := build/supply
HAPROXY ?= /usr/sbin/haproxy
PGBOUNCER ?= /usr/sbin/pgbouncer
PROMTOOL := build/prometheus/usr/bin/promtool
# Use the certificate authorities of the system, which operators maintain, instead of uv's own.
export UV_SYSTEM_CERTS = 1

.DEFAULT_GOAL := help
.PHONY: help setup dev test attack check sdk sdk-setup sdk-check sdk-test sdk-lock chromium chaos chaos-reads test-long seeded-bugs fuzz bench bench-report bench-feed bench-growth bench-message bench-lists bench-sizes scaling lint-deploy format docs lock sbom audit lint-image clean web web-setup web-check test-upgrade browsers screenshots haproxy pgbouncer promtool

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(READY) ## install the locked tools and dependencies into .venv

$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is required: make PYTHON=/path/to/python3")'
	@echo 'Installing the locked dependencies into $(VENV); the first time this takes about a minute …' >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt 2>&1 | grep -v 'is ignored: it is neither' || true
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

dev: $(READY) ## serve on 127.0.0.1:8000 (PORT=…) with an embedded PostgreSQL in .data/
	@exec $(BIN)/wasgo-chat dev --port $(PORT)

test: $(READY) haproxy pgbouncer promtool ## run the whole test suite on real PostgreSQL and Valkey
	@$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

test-upgrade: $(READY) ## run the code of the previous release on the schema of this one
	@$(BIN)/python -m tests.migrations.previous_release

check: $(READY) ## lint, format, types, layers, migrations and generated documents up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.migrations_match
	$(BIN)/wasgo-chat openapi --check docs/openapi.json
	$(BIN)/wasgo-chat asyncapi --check docs/asyncapi.json
	$(BIN)/wasgo-chat settings --check README.md
	$(BIN)/wasgo-chat privacy --check docs/privacy.md
	$(BIN)/wasgo-chat protocol --check docs/protocol.md
	$(BIN)/python -m sdk.stamp --check
	$(BIN)/python -m web.stamp --check

fuzz: $(READY) ## send random requests and frames (MINUTES=…, SEED=…)
	@$(BIN)/python -m tests.security.fuzz --minutes $(or $(MINUTES),1) $(if $(SEED),--seed $(SEED))

attack: $(READY) ## attack a running service while others use it, and check what they notice; ARGS="--only pings,edits", ARGS=--amplification
	@$(BIN)/python -m tests.attack $(ARGS)

bench: $(READY) $(if $(QUICK),,$(REFERENCE_APPS_READY)) ## benchmark against Channels and plain FastAPI (QUICK=1, ROUNDS=n, ONLY=fanout,rooms, OUT=file)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

bench-report: $(READY) ## write the results of a full run (make bench OUT=benchmarks/measured.json) into docs/performance.md
	@$(BIN)/python -m benchmarks.report benchmarks/measured.json docs/performance.md

bench-growth: $(READY) ## measure how the cost of a message and a page grows at ten times the size
	@$(BIN)/python -m benchmarks.growth $(if $(ROUNDS),--rounds $(ROUNDS))

bench-message: $(READY) ## profile a worker's CPU time for one message (SOCKETS=n)
	@$(BIN)/python -m benchmarks.one_message $(if $(SOCKETS),--sockets $(SOCKETS))

$(REFERENCE_APPS_READY): $(READY) $(REFERENCE_APPS)/requirements.txt
	@test -x $(REFERENCE_APPS)/.venv/bin/python || $(PYTHON) -m venv $(REFERENCE_APPS)/.venv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(REFERENCE_APPS)/.venv/bin/python --require-hashes $(REFERENCE_APPS)/requirements.txt
	@touch $(REFERENCE_APPS_READY)

chaos: $(READY) ## inject faults into a running service for MINUTES=25 and check what its clients saw; SEED=… repeats a run
	@$(BIN)/python -m tests.chaos.run --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

chaos-reads: $(READY) ## compare read tracking with its model over OPERATIONS=1000000; SEED=… repeats a run
	@$(BIN)/python -m tests.chaos.read_model --operations $(OPERATIONS) $(if $(SEED),--seed $(SEED))

test-long: $(READY) ## tests that make test skips: reconnect storms of 500 and 5,000 sockets, a rolling restart under load
	@$(BIN)/python -m pytest -n 0 -s -m long tests/server

seeded-bugs: $(READY) ## apply each known bug and check that its tests catch it; ONLY=07,21 selects some
	@$(BIN)/python -m tests.chaos.seeded_bugs $(if $(ONLY),--only $(ONLY))

bench-lists: $(READY) ## time the conversation list of a busy member in a million messages
	@$(BIN)/python -m benchmarks.lists

bench-sizes: $(READY) ## measure the bytes that PostgreSQL stores for each message
	@$(BIN)/python -m benchmarks.sizes

bench-feed: $(READY) ## measure the throughput and the lag of the global feed with 1 to 8 consumers
	@$(BIN)/python -m benchmarks.feed

scaling: $(READY) ## write the requirements of 10 k, 1 M and 100 M users into docs/scaling.md
	@$(BIN)/python -m benchmarks.model docs/scaling.md

TS := sdk/typescript
PY := sdk/python
PYBIN := $(PY)/.venv/bin
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM

sdk-setup: $(TS)/node_modules/.ready $(PY)/.venv/.ready ## install the locked tools of the SDKs; needs Node 20

$(TS)/node_modules/.ready: $(TS)/package.json $(TS)/package-lock.json
	@cd $(TS) && npm ci --no-progress --loglevel=error
	@touch $@

$(PY)/.venv/.ready: $(READY) $(PY)/requirements.txt $(PY)/pyproject.toml
	@test -x $(PYBIN)/python || $(PYTHON) -m venv $(PY)/.venv
	@$(BIN)/uv pip sync --quiet --python $(PYBIN)/python --require-hashes $(PY)/requirements.txt
	@$(BIN)/uv pip install --quiet --python $(PYBIN)/python --no-deps --no-build-isolation --editable $(PY)
	@touch $@

sdk: sdk-setup ## regenerate the generated code of the SDKs from the documents
	cd $(TS) && npm run --silent generate
	$(PYBIN)/python $(PY)/tools/generate.py
	$(BIN)/python -m sdk.stamp --write

sdk-check: sdk ## lint the documents; check types and size of the SDKs, and that generated code is committed
	@git diff --stat -- $(TS)/src/generated $(PY)/src/wasgo_chat_client/generated sdk/generated.json
	@test -z "$$(git status --porcelain -- $(TS)/src/generated $(PY)/src/wasgo_chat_client/generated sdk/generated.json)" || { echo 'commit the output of `make sdk`'; exit 1; }
	cd $(TS) && REDOCLY_TELEMETRY=off npm run --silent lint:openapi
	cd $(TS) && ASYNCAPI_METRICS=false npm run --silent lint:asyncapi
	cd $(TS) && npm run --silent types
	cd $(TS) && npm run --silent size
	cd $(PY) && .venv/bin/mypy

browsers: web chromium ## test the pages in headless Chromium against a live service
	cd web && npm run --silent browsers $(if $(ARGS),-- $(ARGS))

screenshots: web chromium ## take pictures of the pages: all in build/screenshots, some in docs/images
	@fc-list 2>/dev/null | grep -qi 'color *emoji' || { apt-get update --quiet=2; apt-get install --yes --quiet --no-install-recommends fonts-noto-color-emoji; }
	cd web && npm run --silent screenshots
	$(BIN)/python -m web.pictures

haproxy: ## install HAProxy for the proxy test, if root and apt-get are available
	@test -x $(HAPROXY) || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 || { apt-get update --quiet=2; apt-get install --yes --quiet --no-install-recommends haproxy; }

pgbouncer: ## install PgBouncer for its test, if root and apt-get are available
	@test -x $(PGBOUNCER) || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 || { apt-get update --quiet=2; apt-get install --yes --quiet --no-install-recommends pgbouncer; }

# Unpacked and not installed, because the package would start a server.
promtool: $(PROMTOOL) ## unpack promtool for the test of the alert rules, if apt-get is available

$(PROMTOOL):
	@! command -v apt-get >/dev/null || test -x /usr/bin/promtool || { mkdir -p build/prometheus; test "$$(id -u)" != 0 || apt-get update --quiet=2; \
	(cd build/prometheus && apt-get download --quiet=2 prometheus 2>/dev/null && dpkg -x prometheus_*.deb .); rm -f build/prometheus/*.deb; touch -c $(PROMTOOL); }

chromium: ## install Chromium for the browser tests, on Debian
	@test -x $(CHROMIUM) || { apt-get update --quiet=2; apt-get install --yes --quiet --no-install-recommends chromium; }

sdk-test: sdk-setup chromium ## test the SDKs against a live service, in Node, Chromium and Python, and from their packages
	cd $(TS) && npm run --silent test
	cd $(PY) && .venv/bin/python -m pytest
	$(BIN)/python -m sdk.packaged

web-setup: web/node_modules/.ready ## install the locked tools of the pages; needs Node 20

web/node_modules/.ready: web/package.json web/package-lock.json
	@cd web && npm ci --no-progress --loglevel=error
	@touch $@

web: web-setup $(READY) ## build the pages into src/wasgo_chat/web
	cd web && npm run --silent build -- --logLevel warn
	$(BIN)/python -m web.stamp --write

web-check: web ## types and lint of the pages; check that the built pages are committed
	@git diff --stat -- src/wasgo_chat/web web/built.json
	@test -z "$$(git status --porcelain -- src/wasgo_chat/web web/built.json)" || { echo 'commit the output of `make web`'; exit 1; }
	cd web && npm run --silent types
	cd web && npm run --silent lint

sdk-lock: $(READY) ## resolve the newest allowed tools of the Python SDK
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make sdk-lock' --python-version 3.11 --extra dev $(PY)/pyproject.toml -o $(PY)/requirements.txt $(ARGS)

format: $(READY) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## regenerate docs/openapi.json, docs/asyncapi.json and the tables of README.md, docs/privacy.md and docs/protocol.md
	$(BIN)/wasgo-chat openapi --write docs/openapi.json
	$(BIN)/wasgo-chat asyncapi --write docs/asyncapi.json
	$(BIN)/wasgo-chat settings --write README.md
	$(BIN)/wasgo-chat privacy --write docs/privacy.md
	$(BIN)/wasgo-chat protocol --write docs/protocol.md

lock: $(READY) ## resolve the newest allowed versions into requirements/
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --python-version 3.11 --extra dev ../pyproject.toml -o dev.txt $(ARGS)
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --python-version 3.11 --extra embedded ../pyproject.toml -c dev.txt -o embedded.txt
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --python-version 3.11 ../pyproject.toml -c dev.txt -o runtime.txt
	cd $(REFERENCE_APPS) && ../../$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --python-version 3.11 requirements.in -o requirements.txt $(ARGS)
	$(BIN)/python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["supply"]))' > requirements/supply.in
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --python-version 3.11 supply.in -o supply.txt; rm supply.in
	cd requirements && grep -A30 '^uv==' dev.txt | awk 'NR==1 || /^ /{print; next} {exit}' > uv.txt

sbom: $(SUPPLY)/.ready ## write build/sbom.json: the bill of materials of the service, as CycloneDX
	@$(SUPPLY)/bin/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --of JSON -o build/sbom.json 2> build/sbom.log || { cat build/sbom.log; exit 1; }
	@$(BIN)/python -c 'import json; print("build/sbom.json:", len(json.load(open("build/sbom.json"))["components"]), "components")'

# A mirror may answer without any data: if it does not report a vulnerable Jinja2, its result for ours is worthless.
audit: $(SUPPLY)/.ready ## check the locked dependencies against a vulnerability database, if one can be reached
	@echo 'jinja2==2.4.1' > build/known.txt
	@if $(SUPPLY)/bin/pip-audit --disable-pip --no-deps -r build/known.txt --progress-spinner off --timeout 15 2> build/audit.log | grep -q '^jinja2 .*\(PYSEC\|CVE\|GHSA\)'; then \
	$(SUPPLY)/bin/pip-audit --disable-pip --require-hashes -r requirements/runtime.txt --progress-spinner off; \
	else echo 'NOT CHECKED: no vulnerability database can be reached. Last line of pip-audit:'; tail -n 1 build/audit.log; fi

lint-image: $(SUPPLY)/.ready ## lint the Dockerfile
	@if test -x $(SUPPLY)/bin/hadolint; then $(SUPPLY)/bin/hadolint --ignore DL3008 Dockerfile; else echo 'NOT CHECKED: hadolint is not available for this platform.'; fi

lint-deploy: $(SUPPLY)/.ready ## validate compose.yaml, manifests, the Helm chart, the systemd units and the proxy's configuration
	$(SUPPLY)/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(SUPPLY)/bin/kubernetes-validate --strict $$(ls deploy/kubernetes/*.yaml deploy/kubernetes/migrate/*.yaml | grep -v kustomization)
	rm -rf build/helm && $(SUPPLY)/bin/python deploy/helm/check.py build/helm
	$(SUPPLY)/bin/kubernetes-validate --strict build/helm/*.yaml
	@if command -v systemd-analyze >/dev/null; then mkdir -p build/systemd && cp deploy/systemd/wasgo-chat.socket build/systemd/ \
	&& sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' deploy/systemd/wasgo-chat.service > build/systemd/wasgo-chat.service \
	&& systemd-analyze verify build/systemd/wasgo-chat.service build/systemd/wasgo-chat.socket; \
	else echo 'NOT CHECKED: systemd-analyze is not installed.'; fi
	@if test -x "$(HAPROXY)"; then LISTEN=127.0.0.1:8080 CHAT_A=127.0.0.1:8001 CHAT_B=127.0.0.1:8002 $(HAPROXY) -c -f deploy/haproxy.cfg; else echo 'NOT CHECKED: HAProxy is not installed (Debian: apt-get install haproxy).'; fi

$(SUPPLY)/.ready: requirements/supply.txt $(READY)
	@test -x $(SUPPLY)/bin/python || $(PYTHON) -m venv $(SUPPLY)
	@$(BIN)/uv pip sync --quiet --python $(SUPPLY)/bin/python --require-hashes requirements/supply.txt
	@touch $@

clean: ## remove .venv and caches; .data/ stays
	rm -rf $(VENV) $(REFERENCE_APPS)/.venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
