#!/usr/bin/env bash
# lint.sh checks, lint.sh fmt formats, with golangci-lint of the pinned version. The first run builds it into .tools
# and takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

version=2.15.0

is_pinned() { [ -x "$1" ] && "$1" version 2>/dev/null | grep -qF "version $version "; }

tool=$PWD/.tools/golangci-lint
installed=$(go env GOPATH)/bin/golangci-lint
if ! is_pinned "$tool"; then
  if is_pinned "$installed"; then
    tool=$installed
  else
    step "build golangci-lint $version" env GOBIN="$PWD/.tools" \
      go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version"
  fi
fi

format() {
  local diff
  diff=$("$tool" fmt --diff) || [ -n "$diff" ] || return 1
  if [ -n "$diff" ]; then
    printf '%s\n' "$diff" 'Run: make fmt'
    return 1
  fi
}

if [ "${1:-}" = fmt ]; then
  exec "$tool" fmt
fi
step "golangci-lint" "$tool" run ./...
step "formatting" format
printf '\nmake lint: all passed\n'
