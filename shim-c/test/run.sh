#!/bin/sh
# Runs the process monitor's tests: run.sh <libboxer.so> <folder of test programs> <folder of musl ones, or
# ''>
set -u
library=$(realpath "$1") programs=$(realpath "$2") musl=${3:+$(realpath "$3")}
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

note() {
  echo "$1: $2"
  [ "$2" = ok ] || failed=1
}

# Runs a program under a test supervisor, in its own network.
supervised() { "$programs/supervisor" "$library" "$work/log" "$@"; }

# Compares the behaviour natively and under the monitor.
transcript() {
  native=$work/native
  "$programs/supervisor" native "$work/log" "$1/transcript" 10.66.0.2 10.66.0.1 >"$native" || note "$2 transcript" "native run failed"
  for node in 198.18.0.2 198.18.0.3 198.18.0.1; do
    supervised "$1/transcript" "$node" 198.18.0.1 >"$work/seen"
    diff "$native" "$work/seen" && note "$2 transcript of $node" ok || note "$2 transcript of $node" differs
  done
}

# Files below a folder that only exists at another path. Nothing exists at the visible path, so the guest
# cannot reach it without the monitor.
remapping() {
  mkdir "$work/native-files" "$work/other-files"
  "$1/remapping" "$work/native-files" >"$work/native" || note "$2 remapping" "native run failed"
  for real in $3; do
    mkdir "$work/$real"
    LD_PRELOAD=$library BOXER_REMAP="/nowhere=/tmp/nowhere:$work/visible/=$work/$real" "$1/remapping" "$work/visible" >"$work/seen"
    diff "$work/native" "$work/seen" && note "$2 remapping to $real" ok || note "$2 remapping to $real" differs
    [ ! -e "$work/visible" ] && [ -e "$work/$real/text" ] || note "$2 remapping to $real" "wrote to the visible place"
    rm -rf "${work:?}/$real"
  done
  LD_PRELOAD=$library "$1/remapping" "$work/other-files" >"$work/seen"
  diff "$work/native" "$work/seen" && note "$2 without remapping" ok || note "$2 without remapping" differs
  rm -rf "$work/native-files" "$work/other-files"
}

# stacks_within <name> <bytes>: no call uses this many bytes of stack more than natively, and no call crashes
# on a small stack unless it does natively. The output is in $work/seen.
stacks_within() {
  awk -v most="$2" '
    NR == FNR { bytes[$1] = $2; handler[$1] = $3; thread[$1] = $4; next }
    !($1 in bytes) { next }
    { calls++ }
    $2 == "died" && bytes[$1] == "died" { next }
    $2 == "died" || $2 - bytes[$1] > most { print $1 " takes " $2 " bytes of stack, natively " bytes[$1]; bad = 1 }
    handler[$1] == "fits" && $3 != "fits" { print $1 " crashes in a handler"; bad = 1 }
    thread[$1] == "fits" && $4 != "fits" { print $1 " crashes in a small thread"; bad = 1 }
    END { exit bad || calls < 150 }
  ' "$work/native" "$work/seen" && note "$1" ok || note "$1" failed
}

# Calls without remaps, calls with remaps and short paths, and calls that ask the supervisor.
stacks() {
  mkdir "$work/stacks" "$work/stacks-real"
  "$1/stacks" "$work/stacks" >"$work/native" || note "$2 stacks" "native run failed"
  LD_PRELOAD=$library "$1/stacks" "$work/stacks" >"$work/seen"
  stacks_within "$2 stacks of a monitor without a task" 512
  LD_PRELOAD=$library BOXER_REMAP="/nowhere=/tmp/nowhere:$work/visible=$work/stacks-real" "$1/stacks" "$work/stacks" >"$work/seen"
  stacks_within "$2 stacks of ordinary paths" 512
  LD_PRELOAD=$library BOXER_REMAP="/nowhere=/tmp/nowhere:$work/visible=$work/stacks-real:/dev/shm=$work/stacks-real" \
    "$1/stacks" "$work/visible" >"$work/seen"
  stacks_within "$2 stacks of remapped paths" 2048
  supervised "$1/stacks" "$work/stacks" 198.18.0.1 self-node >"$work/seen"
  [ $? -eq 77 ] || stacks_within "$2 stacks of calls that ask" 2048
  rm -rf "$work/stacks" "$work/stacks-real"
}

# Unix sockets below a remapped folder. The names of both folders have the same length, which addresses show.
letters() {
  mkdir "$work/natives" "$work/real-place"
  "$1/letters" "$work/natives" >"$work/native" || note "$2 letters" "native run failed"
  LD_PRELOAD=$library BOXER_REMAP="$work/visible=$work/real-place" "$1/letters" "$work/visible" >"$work/seen"
  diff "$work/native" "$work/seen" && note "$2 letters" ok || note "$2 letters" differ
  rm -rf "$work/natives" "$work/real-place"
}

# Invalid pointers: a call that fails natively fails with the same error and does not crash. A call that
# crashes natively may have any result.
pointers() {
  mkdir "$work/pointers" "$work/pointers-real"
  "$1/pointers" "$work/pointers" >"$work/native" || note "$2 pointers" "native run failed"
  for place in pointers visible; do
    LD_PRELOAD=$library BOXER_REMAP="/nowhere=/tmp/nowhere:$work/visible=$work/pointers-real:/dev/shm=$work/pointers-real" \
      "$1/pointers" "$work/$place" >"$work/seen"
    awk -F ': ' '
      NR == FNR { native[$1] = $2; next }
      $1 in native && native[$1] != "crashes" && $2 != native[$1] { print $0 ", natively " native[$1]; bad = 1 }
      END { exit bad || FNR < 500 }
    ' "$work/native" "$work/seen" && note "$2 pointers of $place paths" ok || note "$2 pointers of $place paths" differ
  done
  rm -rf "$work/pointers" "$work/pointers-real"
}

# Data that is sent with an address: streams to every kind of node, and datagrams to the only kind that can be
# reached by them.
sending() {
  native=$work/native
  for what in streams datagrams; do
    "$programs/supervisor" native "$work/log" "$1/sending" $what 10.66.0.2 >"$native" || note "$2 sending $what" "native run failed"
    for node in 198.18.0.2 198.18.0.1 198.18.0.3; do
      [ "$what $node" != "datagrams 198.18.0.3" ] || continue
      supervised "$1/sending" $what "$node" >"$work/seen"
      diff "$native" "$work/seen" && note "$2 sending $what to $node" ok || note "$2 sending $what to $node" differs
    done
  done
  supervised "$1/sending" closed && note "$2 sending closed" ok || note "$2 sending closed" failed
}

# Shared memory on a platform without it: natively in /dev/shm, under the monitor in another folder.
sharing() {
  mkdir "$work/shm"
  "$1/sharing" boxer-test-$$ >"$work/native" || note "$2 sharing" "native run failed"
  LD_PRELOAD=$library BOXER_REMAP="/dev/shm=$work/shm" "$1/sharing" boxer-test-$$ >"$work/seen"
  diff "$work/native" "$work/seen" && note "$2 sharing" ok || note "$2 sharing" differs
  [ -e "$work/shm/boxer-test-$$-left" ] && [ -e "$work/shm/sem.boxer-test-$$-left" ] || note "$2 sharing" "left nothing at the real place"
  [ "$(ls "$work/shm" | wc -l)" = 2 ] || note "$2 sharing" "left more than it should"
  rm -rf "$work/shm" "/dev/shm/boxer-test-$$-left" "/dev/shm/sem.boxer-test-$$-left"
}

# conformance <name> <transport> <far end> <the client, as the server sees it> <own> <foreign> <cases...>: the
# output must be the same as natively, line by line.
conformance() {
  name=$1
  shift
  supervised "$folder/conformance" "$@" ${CONFORMANCE_WITHOUT:-} >"$work/seen"
  cut -d, -f1 "$work/seen" | sort -u >"$work/cases"
  awk -F, 'NR == FNR { run[$1]; next } $1 in run' "$work/cases" "$work/native" | diff - "$work/seen" && note "$name" ok || note "$name" differs
}

# A client reaches the test supervisor's other addresses as if it were on another node. Connections that a
# guest accepts without asking need a supervisor that forwards bytes, which is the real one: see
# test/conformance.
conformances() {
  folder=$1
  # The own address stands for all addresses here, as in a container with several networks.
  several='-address-both -own-alone -own-beside -own-elsewhere -own-six -own-datagrams -limit-flags'
  "$programs/supervisor" native "$work/log" "$1/conformance" direct 10.66.0.2 10.66.0.2 10.66.0.2 10.66.0.2 10.66.0.77 ${CONFORMANCE_WITHOUT:-} >"$work/native"
  grep "ended with" "$work/native" && note "$2 conformance" "native run failed"
  conformance "$2 conformance, own node" direct 198.18.0.1 198.18.0.1 198.18.0.1 198.18.0.1 198.18.0.77
  export BOXER_TEST_SEVERAL=1
  conformance "$2 conformance, direct" direct 198.18.0.2 198.18.0.2 198.18.0.1 198.18.0.1 198.18.0.77 $several
  conformance "$2 conformance, asked" asked 198.18.0.3 198.18.0.3 198.18.0.1 198.18.0.1 198.18.0.77 $several
  unset BOXER_TEST_SEVERAL
  conformance "$2 conformance, signal" signal 198.18.0.20 198.18.0.20 198.18.0.1 198.18.0.1 198.18.0.77 \
    -wait-raw -wait-raw-first -wait-io-uring -wait-deferred -limit-descriptors -source-chosen
}

# The guest kills its supervisor, which therefore cannot report the result.
outliving() {
  mkfifo "$work/verdict"
  supervised "$1/outliving" "$work/verdict" 2>"$work/said" &
  read -r code <"$work/verdict" && [ "$code" = 0 ] && note "$2 outliving" ok || { cat "$work/said"; note "$2 outliving" failed; }
  rm "$work/verdict"
}

# dlopen() by bare names and below a remapped folder, and the libraries in which calls that transfer bytes are
# found.
loading() {
  mkdir "$work/loaded"
  cp "$1/plugins/"*.so "$work/loaded"
  "$1/loading" "$work/loaded" >"$work/native" 2>/dev/null || note "$2 loading" "native run failed"
  LD_PRELOAD=$library BOXER_REMAP="$work/visible=$work/loaded" "$1/loading" "$work/visible" >"$work/seen" 2>"$work/said"
  diff "$work/native" "$work/seen" && grep -q '^connect is intercepted' "$work/said" && note "$2 loading" ok || note "$2 loading" differs
  rm -rf "$work/loaded"
}

# preloading <how> <program> <value of LD_PRELOAD, if any>: a library in front of the monitor, or behind it.
preloading() {
  env ${3+"LD_PRELOAD=$3"} "$2" >"$work/native" 2>/dev/null || note "$1" "native run failed"
  BOXER_SOCKET=@boxer-test-nobody LD_PRELOAD=${3+$3:}$library "$2" >"$work/seen" 2>/dev/null
  diff "$work/native" "$work/seen" && note "$1" ok || note "$1" differs
}

# Programs that are linked to the shared sanitizers. The monitor is in the folder in which the runtime image
# has it.
sanitized() {
  mkdir "$work/beside-libasan.so"
  ln -s "$library" "$work/beside-libasan.so/libboxer.so"
  (
    library=$work/beside-libasan.so/libboxer.so
    for kind in address thread undefined; do preloading "$2 under the $kind sanitizer" "$1/sanitized-$kind"; done
    runtime=$(ldd "$1/sanitized-address" | sed -n 's/^.*\(libasan\.so[^ ]*\) .*/\1/p')
    preloading "$2 with $runtime preloaded" "$1/sanitized-address" "$runtime"
    exit $failed
  ) || failed=1
}

hooking() {
  for separator in : ' '; do
    preloading "$2 preloaded hook, separated by '$separator'" "$1/hooking" "$1/hook/libhook.so$separator"
  done
  preloading "$2 preloaded hook" "$1/hooking" "$1/hook/libhook.so"
  preloading "$2 preloaded hook, named twice" "$1/hooking" "$1/hook/libhook.so:$1/hook/libhook.so"
  preloading "$2 linked hook" "$1/linked-hooking"
  preloading "$2 linked hook that is preloaded as well" "$1/linked-hooking" "$1/hook/libhook.so"
}

# as_natively <program> <libc>: the transcript must be the same. An argument tells the program that it is
# boxed.
as_natively() {
  "$programs/supervisor" native "$work/log" "$1" >"$work/native" || note "$2 $(basename "$1")" "native run failed"
  supervised "$1" boxed >"$work/seen" || note "$2 $(basename "$1")" failed
  diff "$work/native" "$work/seen" && note "$2 $(basename "$1")" ok || note "$2 $(basename "$1")" differs
}

suite() {
  outliving "$1" "$2"
  conformances "$1" "$2"
  sending "$1" "$2"
  transcript "$1" "$2"
  for program in filtered cancelling; do as_natively "$1/$program" "$2"; done
  BOXER_TEST_SEVERAL=1 supervised "$1/connecting" && note "$2 connecting, several addresses" ok || note "$2 connecting, several addresses" failed
  BOXER_REMAP=/nowhere=/tmp/nowhere supervised "$1/denying" && note "$2 denying" ok || note "$2 denying" failed
  LD_PRELOAD=$library BOXER_REMAP=/nowhere=/tmp/nowhere "$1/rooting" "$library" && note "$2 rooting" ok || note "$2 rooting" failed
  for program in connecting punching accepting naming processes; do
    supervised "$1/$program" && note "$2 $program" ok || note "$2 $program" failed
  done
}

supervised true
if [ $? -eq 77 ]; then
  echo "no network namespaces here: only the tests that need none"
else
  suite "$programs" glibc
  [ -z "$musl" ] || suite "$musl" musl
  supervised "$here/programs.sh" && note "real programs" ok || note "real programs" failed
fi

hooking "$programs" glibc
sanitized "$programs" glibc
[ -z "$musl" ] || hooking "$musl" musl
letters "$programs" glibc
[ -z "$musl" ] || letters "$musl" musl
stacks "$programs" glibc
[ -z "$musl" ] || stacks "$musl" musl
pointers "$programs" glibc
[ -z "$musl" ] || pointers "$musl" musl
# Calls that need an object of libc are checked by stack-depth.sh.
sed -n 's/^SYMBOL(\([^,]*\),.*/{"\1",/p' "$here/../monitor/symbols.def" | while read -r symbol; do
  grep -qF "$symbol" "$here/calls.def" || echo "$symbol"
done | grep -vE '"(__)?res_(n.*|send)"|"sem_close"' && note "stacks of every intercepted call" "left one out"
loading "$programs" glibc
[ -z "$musl" ] || loading "$musl" musl
sharing "$programs" glibc
[ -z "$musl" ] || sharing "$musl" musl
# A visible path that is longer than the real one: musl's glob() has no room for it.
remapping "$programs" glibc "short a-real-place-at-some-length"
[ -z "$musl" ] || remapping "$musl" musl a-real-place-at-some-length
"$programs/golden" | diff - "$here/../../test/golden/service-wire.json" && note golden ok || note golden differs
exit $failed
