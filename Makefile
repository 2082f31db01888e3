# gewu. Run `make` for the list of targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

DEMO_FLAGS ?=
FUZZTIME ?= 30s
SOAK_TIME ?= 30m
BENCH ?= .
PEERS_FLAGS ?=

MODULES := web/node_modules/.package-lock.json
PAGES := web/dist/index.html
# Folders are listed too: their date changes when a file is removed.
PAGE_SOURCES := $(shell find web/src web/public 2>/dev/null) \
	$(wildcard web/*.html web/*.ts web/package.json web/tsconfig.json)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

##@ Run

.PHONY: demo
demo: build ## build all, load the sample city, serve it on http://127.0.0.1:8080 (DEMO_FLAGS="--wipe --listen …")
	./bin/gewu demo $(DEMO_FLAGS)

.PHONY: build
build: web binary ## pages and binary: bin/gewu

# The Go tool knows best what changed.
.PHONY: binary
binary: # binary alone, with whatever pages are built
	go build -o bin/gewu ./cmd/gewu

.PHONY: web
web: $(PAGES) ## pages into web/dist, only when their sources changed

$(MODULES): web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

$(PAGES): $(MODULES) $(PAGE_SOURCES)
	cd web && npm run build
	@touch $@

.PHONY: dev
dev: binary $(MODULES) ## demo server and Vite with hot reload in front of it (http://127.0.0.1:5173)
	@trap 'kill $$(jobs -p) 2>/dev/null || true; wait' EXIT; \
	./bin/gewu demo $(DEMO_FLAGS) & \
	cd web && npm run dev

##@ Test

.PHONY: test
test: ## all that a change must pass: vet, tests, short race run, web, browser smoke test
	@scripts/test.sh

.PHONY: test-race
test-race: ## every package with the race detector, short tests, in random order
	go test -race -short -shuffle=on -timeout 30m ./...

.PHONY: test-long
test-long: ## the same with the long tests: simulations, whole cities, kill rounds
	@scripts/needs.sh
	GEWU_E2E=1 GEWU_KILL_ROUNDS=50 go test -race -shuffle=on -count=1 -timeout 120m ./...

.PHONY: soak
soak: ## a mixed load for SOAK_TIME (30m): memory stays flat, nothing fails, nothing is left over
	GEWU_SOAK=$(SOAK_TIME) go test -count=1 -v -timeout 0 -run '^TestSoak$$' ./test

.PHONY: e2e
e2e: build ## the built binary from outside: HTTP, GDAL, browser
	@scripts/needs.sh
	GEWU_E2E=1 go test -count=1 ./test/...
	scripts/smoke.sh

.PHONY: fuzz
fuzz: ## every Fuzz target for FUZZTIME (30s); commit the inputs it finds under testdata/fuzz
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## Go benchmarks matching BENCH (.), with allocations
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: peers
peers: ## gewu beside PostGIS and others, as a table (PEERS_FLAGS="-run locate,join -rounds 5")
	go run ./test/peers $(PEERS_FLAGS)

.PHONY: golden
golden: ## rewrite the golden files, then show what changed
	@scripts/golden.sh
	git diff --stat

.PHONY: licences
licences: ## write docs/licences.md: every dependency and its licence; fails for one that may not be there
	go test -count=1 ./internal/licences -update
	git diff --stat docs/licences.md

##@ Tidy

.PHONY: lint
lint: ## golangci-lint of the pinned version: findings and formatting
	@scripts/lint.sh

.PHONY: fmt
fmt: ## format the Go sources (gofumpt, gci)
	@scripts/lint.sh fmt

.PHONY: check
check: test lint ## what continuous integration runs

.PHONY: clean
clean: ## remove what was built; the demo's data stays
	rm -rf bin web/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete
