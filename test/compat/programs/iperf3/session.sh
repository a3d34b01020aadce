# shellcheck shell=sh
. /session-lib.sh
listening server 5201
check '1 stream' iperf3 -c server -t 1
check '8 streams' iperf3 -c server -t 1 -P 8
check 'reverse' iperf3 -c server -t 1 -R
check 'both directions' iperf3 -c server -t 1 --bidir
check 'zero copy' iperf3 -c server -t 1 -Z
check '10 MB, exactly' sh -c 'iperf3 -c server -n 10M -J | grep -q "\"bytes\":.*10485760"'
expect 'the report names the addresses' 2 sh -c \
  'iperf3 -c server -n 1M -J >/tmp/report; grep -cE "\"(local|remote)_host\":.*\"($(getent ahostsv4 "$(hostname)" | cut -d" " -f1 | head -n 1)|$(getent ahostsv4 server | cut -d" " -f1 | head -n 1))\"" /tmp/report'
finish
