# shellcheck shell=sh
. /session-lib.sh
# After each test, and after each connection that only probes the port, the server closes its listener and opens another
# one. It refuses connections in between, natively too, so a refused test is repeated. A connected test is not.
cat >/tmp/measure <<'END'
until iperf3 "$@" >/tmp/report 2>&1; do
  if grep -qE 'connected to|"socket":' /tmp/report; then cat /tmp/report; exit 1; fi
  sleep 0.1
done
cat /tmp/report
END
await sh /tmp/measure -c server -n 1K
check '1 stream' sh /tmp/measure -c server -t 1
check '8 streams' sh /tmp/measure -c server -t 1 -P 8
check 'reverse' sh /tmp/measure -c server -t 1 -R
check 'both directions' sh /tmp/measure -c server -t 1 --bidir
check 'zero copy' sh /tmp/measure -c server -t 1 -Z
check '10 MB, exactly' sh -c 'sh /tmp/measure -c server -n 10M -J | grep -q "\"bytes\":.*10485760"'
expect 'the report names the addresses' 2 sh -c \
  'sh /tmp/measure -c server -n 1M -J >/tmp/last; grep -cE "\"(local|remote)_host\":.*\"($(getent ahostsv4 "$(hostname)" | cut -d" " -f1 | head -n 1)|$(getent ahostsv4 server | cut -d" " -f1 | head -n 1))\"" /tmp/last'
finish
