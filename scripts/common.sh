# SPDX-License-Identifier: Apache-2.0
# Shared by scripts/run and scripts/test: what is missing is installed, presets are built.

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '\n%s: %s\n' "$(basename "$0")" "$1" >&2
  [ $# -lt 2 ] || printf '  remedy: %s\n' "$2" >&2
  exit "${3:-70}"
}

BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libssl-dev libgmp-dev libyaml-dev libjansson-dev
  libuv1-dev libsrtp2-dev libpcap-dev libcunit1-dev python3 python3-yaml python3-jinja2 python3-jsonschema"

# need_packages PACKAGE... installs those that are missing (Debian 12; needs root for that).
need_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is not Debian: dpkg-query is missing" "use Debian 12, or install by hand: $*"
  local missing="" p
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
  done
  [ -n "$missing" ] || { echo "packages: all there"; return 0; }
  echo "packages missing:$missing"
  [ "$(id -u)" = 0 ] || die "packages are missing and this is not root" "sudo apt-get install --no-install-recommends$missing"
  local log
  log=$(mktemp)
  # A stale index is the usual reason for a failure: update first.
  # shellcheck disable=SC2086
  if { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing; } >"$log" 2>&1; then
    echo "packages: installed"
  else
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "apt-get could not install:$missing" "check the network and /etc/apt/sources.list (Debian 12 main), then run again"
  fi
  rm -f "$log"
}

# build PRESET [TARGET...] configures and builds one CMake preset.
build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    die "cmake --preset $preset failed" "read the lines above; a build folder of another compiler may be in the way: rm -r build*"
  fi
  grep '^-- latchkey' "$log"
  rm -f "$log"
  if ! cmake --build --preset "$preset" ${1:+--target "$@"}; then
    die "the build of preset $preset failed" "read the first error above"
  fi
}
