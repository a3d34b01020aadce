#!/bin/sh
# Tests the monitor for arm64 in an emulator, under this machine's test supervisor: each program must print
# the same with and without the monitor. Usage: arm64.sh <libboxer.so> <folder of arm64 programs> <test
# supervisor> <emulator and its arguments...>
set -u
library=$(realpath "$1") programs=$(realpath "$2") supervisor=$(realpath "$3")
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

note() {
  echo "arm64 $1: $2"
  [ "$2" = ok ] || failed=1
}

# same WHAT: compares the output of the two runs.
same() { diff "$work/native" "$work/seen" && [ -s "$work/native" ] && note "$1" ok || note "$1" differs; }

supervised() { "$supervisor" "$library" "$work/log" "$@"; }

compare() {
  program=$1 far_end=$2
  "$supervisor" native "$work/log" "$emulator" $arguments "$programs/$program" $far_end >"$work/native" || note "$program" 'native run failed'
}

emulator=$1
shift
arguments=$*

compare transcript '10.66.0.2 10.66.0.1'
for node in 198.18.0.2 198.18.0.3 198.18.0.1; do
  supervised "$emulator" $arguments "$programs/transcript" "$node" 198.18.0.1 >"$work/seen"
  same "transcript of $node"
done
compare sending 'streams 10.66.0.2'
for node in 198.18.0.2 198.18.0.3; do
  supervised "$emulator" $arguments "$programs/sending" streams "$node" >"$work/seen"
  same "sending to $node"
done
for program in connecting accepting naming 'sending closed'; do
  supervised "$emulator" $arguments "$programs/"$program && note "$program" ok || note "$program" failed
done

mkdir "$work/native-files" "$work/real" "$work/shm"
"$emulator" $arguments "$programs/remapping" "$work/native-files" >"$work/native"
LD_PRELOAD=$library BOXER_REMAP="$work/visible=$work/real" "$emulator" $arguments "$programs/remapping" "$work/visible" >"$work/seen" 2>"$work/errors"
same remapping
"$emulator" $arguments "$programs/sharing" boxer-arm64-$$ >"$work/native"
LD_PRELOAD=$library BOXER_REMAP="/dev/shm=$work/shm" "$emulator" $arguments "$programs/sharing" boxer-arm64-$$ >"$work/seen" 2>"$work/errors"
same sharing
rm -f /dev/shm/*boxer-arm64-$$-left
exit $failed
