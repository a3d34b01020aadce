# shellcheck shell=sh
# The functions with which sessions are written. Every check prints one line, "ok - NAME" or "not ok - NAME"; see
# harness/session-output.ts.

# check NAME COMMAND...: passes if the command succeeds within 120 s.
check() {
  check_name=$1
  shift
  check_output=$(timeout 120 "$@" 2>&1)
  check_status=$?
  if [ $check_status = 0 ]; then
    echo "ok - $check_name"
  else
    echo "not ok - $check_name"
    printf '%s (exit code %s)\n' "$check_output" $check_status | tail -n 20 | sed 's/^/# /'
  fi
}

# expect NAME TEXT COMMAND...: passes if the command prints exactly TEXT on stdout.
expect() {
  check_name=$1 check_expected=$2
  shift 2
  check_output=$(timeout 120 "$@" 2>/tmp/expect.err)
  if [ "$check_output" = "$check_expected" ]; then
    echo "ok - $check_name"
  else
    echo "not ok - $check_name"
    printf 'expected %s, got %s\n' "$check_expected" "$check_output" | tail -n 20 | sed 's/^/# /'
    tail -n 5 /tmp/expect.err | sed 's/^/# /'
  fi
}

# await COMMAND...: waits until the command succeeds, for 40 s at most. This is a check of its own, because a server
# that never answers is the most frequent failure.
await() {
  await_end=$(($(date +%s) + 40))
  until timeout 5 "$@" >/tmp/await.out 2>&1; do
    if [ "$(date +%s)" -ge "$await_end" ]; then
      echo "not ok - ready: $*"
      tail -n 5 /tmp/await.out | sed 's/^/# /'
      return 1
    fi
    sleep 0.2
  done
  echo "ok - ready: $*"
}

# listening HOST PORT...: waits until each of the ports accepts connections.
listening() {
  listening_host=$1
  shift
  for listening_port; do await nc -z -w 3 "$listening_host" "$listening_port" || return; done
}

finish() { echo 'end of session'; }
