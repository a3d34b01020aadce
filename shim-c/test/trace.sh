#!/bin/sh
# Checks the trace of decisions: trace.sh <ordinary libboxer.so> <libboxer.so with the trace>. It needs no
# supervisor.
set -u
ordinary=$(realpath "$1") traced=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "trace: failed: $1"
  failed=1
}

# A word in the code of the trace, and a word of a decision.
for word in BOXER_TRACE 'asks the supervisor'; do
  grep -qF "$word" "$traced" || fail "the traced object has no '$word'"
  grep -qF "$word" "$ordinary" && fail "the ordinary object has '$word'"
done

mkdir "$work/real"
echo text >"$work/real/file"
# traced_run <command>: the trace goes to descriptor 9.
traced_run() {
  BOXER_TRACE=9 BOXER_SOCKET=@boxer-test-nobody BOXER_REMAP="$work/visible=$work/real" LD_PRELOAD=$traced \
    bash -c "$1" 9>>"$work/trace" >>"$work/output" 2>&1
}

# expect <regular expression for a decision>
expect() { grep -qE "^boxer [0-9]+: $1" "$work/trace" || fail "no line '$1'"; }

traced_run "cat $work/visible/file"
[ "$(cat "$work/output")" = text ] || fail "the program ran differently: $(cat "$work/output")"
expect "path $work/visible/file: moved to $work/real/file$"
traced_run "cat $work/real/file"
expect "open(64|at)?\\($work/real/file\\): passed to libc$"
traced_run "exec 8<>/dev/tcp/198.18.0.9/80"
expect 'connect\([0-9]+, 198\.18\.0\.9:80\): refused, there is no supervisor$'
traced_run "exec 8<>/dev/tcp/127.0.0.1/1"
expect 'connect\([0-9]+, 127\.0\.0\.1:1\): outside the overlay, passed to the kernel$'

# Without the variable, the trace goes to stderr.
BOXER_REMAP="$work/visible=$work/real" LD_PRELOAD=$traced cat "$work/visible/file" 2>&1 >/dev/null |
  grep -q '^boxer [0-9]*: path ' ||
  fail "nothing on stderr"
grep -vE '^boxer [0-9]+: .+: .+' "$work/trace" && fail "lines of another form"

[ "$failed" = 0 ] && echo "trace: ok"
exit $failed
