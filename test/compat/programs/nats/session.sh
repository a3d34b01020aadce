# shellcheck shell=sh
. /session-lib.sh
listening server 4222 8222
expect 'monitoring' 1 sh -c 'curl -s server:8222/varz | grep -c "\"port\": 4222"'
timeout 30 python3 /client.py
finish
