#!/usr/bin/env bash
# Runs the tests of every package that has golden files with -update.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$(grep -rlE --include='*_test.go' --exclude-dir=node_modules 'flag\.Bool\("update"' . |
  xargs -r -n 1 dirname | sort -u) || true
if [ -z "$packages" ]; then
  echo "no package has golden files"
  exit 0
fi
# shellcheck disable=SC2086 # one word for each package
go test -count=1 $packages -update
