#!/usr/bin/env bash
# Starts the demo on a free port with data of its own and lets a browser look at it (web/e2e/smoke.mjs, GEWU_URL).
set -euo pipefail
cd "$(dirname "$0")/.."

go build -o bin/gewu ./cmd/gewu
dir=$(mktemp -d)
log=$dir/server.log
pid=

stop() {
  local status=$?
  if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
    for _ in $(seq 100); do # 10 s to drain
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    if kill -KILL "$pid" 2>/dev/null; then
      echo "the server did not stop within 10 s" >&2
      status=1
    fi
    wait "$pid" 2>/dev/null || true
  fi
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
./bin/gewu demo --data "$dir/data" --listen "127.0.0.1:$port" >"$log" 2>&1 &
pid=$!

node -e '
  const ready = process.env.GEWU_URL + "/readyz", end = Date.now() + 180e3, pid = Number(process.argv[1])
  const alive = () => { try { return process.kill(pid, 0) } catch { return false } }
  const poll = async () => {
    if (await fetch(ready).then((r) => r.ok, () => false)) return
    if (!alive()) { console.error("the server ended before it was ready"); process.exit(1) }
    if (Date.now() > end) { console.error("not ready after 180 s"); process.exit(1) }
    setTimeout(poll, 200)
  }
  poll()' "$pid"
echo "the demo is ready at $GEWU_URL"
node web/e2e/smoke.mjs
