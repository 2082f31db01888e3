#!/usr/bin/env bash
# Checks that the tools of `make test` are there. As root on Debian or Ubuntu it installs what is missing; otherwise it
# prints the one command that does and ends with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=() # tools that the system's packages do not bring in the needed version
packages=()

at_least() { # at_least HAVE WANT
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

if ! command -v go >/dev/null; then
  missing+=("go 1.26 or newer (https://go.dev/dl)")
else
  have=$(go env GOVERSION)
  at_least "${have#go}" 1.26 || missing+=("go 1.26 or newer, found $have (https://go.dev/dl)")
fi
if ! command -v node >/dev/null; then
  missing+=("node 20 or newer (https://nodejs.org)")
else
  have=$(node --version)
  at_least "${have#v}" 20 || missing+=("node 20 or newer, found $have (https://nodejs.org)")
fi
command -v npm >/dev/null || missing+=("npm (it comes with node)")

command -v gcc >/dev/null || packages+=(gcc libc6-dev)
command -v chromium >/dev/null || packages+=(chromium)
[ -n "$(fc-list :lang=zh family 2>/dev/null)" ] || packages+=(fontconfig fonts-noto-cjk)
command -v ogrinfo >/dev/null || packages+=(gdal-bin)
command -v strace >/dev/null || packages+=(strace)
command -v wapiti >/dev/null || packages+=(wapiti)

if [ ${#missing[@]} -gt 0 ]; then
  printf 'missing: %s\n' "${missing[@]}" >&2
  exit 1
fi
if [ ${#packages[@]} -eq 0 ]; then
  echo "all tools are there"
  exit 0
fi

install=(apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${packages[@]}")
family=$(. /etc/os-release 2>/dev/null && echo " ${ID:-} ${ID_LIKE:-} ") || family=
if [[ $family == *" debian "* || $family == *" ubuntu "* ]] && [ "$(id -u)" = 0 ]; then
  echo "installing: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=120 update -q
  "${install[@]}"
  exit 0
fi
echo "missing: ${packages[*]}. On Debian or Ubuntu run:" >&2
echo "  sudo sh -c 'apt-get update && ${install[*]}'" >&2
exit 1
