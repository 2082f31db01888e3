# Sourced by the other scripts: headings with durations.

# step NAME COMMAND… runs the command under a heading and says how long it took.
step() {
  local name=$1 start=$SECONDS
  shift
  printf '\n==> %s\n' "$name"
  if ! "$@"; then
    printf '==> %s: FAILED after %d s\n' "$name" $((SECONDS - start)) >&2
    exit 1
  fi
  printf '==> %s: %d s\n' "$name" $((SECONDS - start))
}
