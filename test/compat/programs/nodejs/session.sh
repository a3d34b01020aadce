# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
http_session server:8000
listening server 8001 8002
check 'every worker takes part' sh -c '[ "$(seq 40 | xargs -P 4 -I N curl -s server:8000/pid -w "\n" | sort -u | wc -l)" = 4 ]'
expect 'the second listener' hello curl -s server:8001/hello
timeout 30 node /client.mjs
finish
