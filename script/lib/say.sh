# shellcheck shell=bash
# What the parts of script/bootstrap share: where things are kept, progress, failure.

# What is worth keeping between runs, and what belongs to this run of the machine.
# shellcheck disable=SC2034 # used by the other parts
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/boxer
if [ "$(id -u)" = 0 ]; then RUN=/run/boxer; else RUN=${XDG_RUNTIME_DIR:-/tmp/boxer-$(id -u)}/boxer; fi

say() { printf 'bootstrap: %s\n' "$*" >&2; }

# die MESSAGE [WHAT TO DO]
die() {
  say "$1"
  [ $# -lt 2 ] || say "  -> $2"
  exit 1
}

# quietly WHAT COMMAND...: its output is shown only when it fails.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp "$RUN/log.XXXXXX")
  if ! "$@" >"$log" 2>&1 </dev/null 9>&-; then
    tail -n 25 "$log" >&2
    rm -f "$log"
    die "$what failed, see above: $*"
  fi
  rm -f "$log"
}
