#!/usr/bin/env bash
# Starts demos on a free port with data of their own and lets a browser look at them: the sample city (web/e2e/smoke.mjs), and
# a profile whose stories several users play on the pages for cases (web/e2e/stories.mjs).
set -euo pipefail
cd "$(dirname "$0")/.."

go build -o bin/gewu ./cmd/gewu
dir=$(mktemp -d)
log=$dir/server.log
pid=

# halt ends the server and reports whether it stopped in time.
halt() {
  [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null || return 0
  local status=0
  for _ in $(seq 100); do # 10 s to drain
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if kill -KILL "$pid" 2>/dev/null; then
    echo "the server did not stop within 10 s" >&2
    status=1
  fi
  wait "$pid" 2>/dev/null || true
  pid=
  return $status
}

stop() {
  local status=$?
  halt || status=1
  if [ "$status" != 0 ] && [ -s "$log" ]; then
    printf -- '--- server log, last 100 lines\n' >&2
    tail -n 100 "$log" >&2
  fi
  rm -rf "$dir"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
export GEWU_URL=http://127.0.0.1:$port

# serve DATA FLAGS… starts a demo. It answers while its city is still being loaded: the last line that it prints says that all
# is there.
serve() {
  ./bin/gewu demo --data "$dir/$1" --listen "127.0.0.1:$port" "${@:2}" >"$log" 2>&1 &
  pid=$!
  for _ in $(seq 900); do # 180 s
    grep -q '^gewu serves' "$log" && break
    kill -0 "$pid" 2>/dev/null || { echo "the server ended before it was ready" >&2; exit 1; }
    sleep 0.2
  done
  grep -q '^gewu serves' "$log" || { echo "not ready after 180 s" >&2; exit 1; }
  echo "the demo is ready at $GEWU_URL"
}

serve city
node web/e2e/smoke.mjs
halt
serve cases --profile dongcheng-2004
GEWU_PASSWORD=$(cat "$dir/cases/demo-password") node web/e2e/stories.mjs
