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

# A built program that is added by mistake stays in every clone for good. Data of tests and samples is far smaller.
no_large_files() {
  local found
  found=$(git ls-files -z | xargs -0 stat -c '%s %n' | awk '$1 > 8 * 1024 * 1024')
  [ -z "$found" ] || { printf '%s\n' "files above 8 MiB in the repository:" "$found"; return 1; }
}

if [ "${1:-}" = fmt ]; then
  exec "$tool" fmt
fi
step "size of files" no_large_files
step "golangci-lint" "$tool" run ./...
step "formatting" format
printf '\nmake lint: all passed\n'
