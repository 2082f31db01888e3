#!/usr/bin/env bash
# `make test`: every step has a heading and a duration, the first failure ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Under GEWU_E2E a test whose tool is missing fails instead of skipping.
export GEWU_E2E=1

race() {
  # Packages where something runs beside something else, in the code or in its tests: only there the detector can see a
  # race. test/ drives other processes, which it does not see.
  local packages
  mapfile -t packages < <(grep -rlE --include='*.go' --exclude-dir=node_modules --exclude-dir=testdata \
    '^\s*go (func\b|[a-zA-Z_.]+\()|\.Go\(|httptest\.NewServer' . |
    xargs -r -n 1 dirname | sort -u | grep -vE '^\./(test|internal/archtest)(/|$)')
  [ ${#packages[@]} -gt 0 ] || return 1
  echo "packages: ${packages[*]}"
  go test -race -short -timeout 20m ./server "${packages[@]}" # what takes longest begins first
}

web() { (cd web && npm run --silent "$@"); }

generated() {
  if grep -q '"gen:check"' web/package.json; then web gen:check; else echo "nothing is generated"; fi
}

step "tools" scripts/needs.sh
step "go vet" go vet ./...
# What takes longest begins first.
step "go test" go test -timeout 25m ./test ./server ./...
step "go test -race -short" race
step "web: npm ci" make web/node_modules/.package-lock.json
step "web: types" web typecheck
step "web: unit tests" web test
step "web: generated types are current" generated
step "web: build" make web
step "browser smoke test" scripts/smoke.sh
printf '\nmake test: all passed (%d s)\n' "$SECONDS"
