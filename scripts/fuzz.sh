#!/usr/bin/env bash
# fuzz.sh TIME runs every Fuzz target of the module for TIME each.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

targets=$(grep -rnoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]+' . |
  sed -E 's#^(.*)/[^/]*:[0-9]+:func (Fuzz.*)$#\1 \2#' | sort -u) || true
if [ -z "$targets" ]; then
  echo "no Fuzz targets" >&2
  exit 1
fi
while read -r dir name; do
  step "$dir $name" go test -run '^$' -fuzz "^$name\$" -fuzztime "${1:-30s}" "$dir" </dev/null
done <<<"$targets"
