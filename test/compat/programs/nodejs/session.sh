# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
http_session server:8000
listening server 8001 8002
expect 'every worker takes part' 4 sh -c 'seq 20 | xargs -I N curl -s server:8000/pid -w "\n" | sort -u | wc -l'
expect 'the second listener' hello curl -s server:8001/hello
timeout 30 node /client.mjs
finish
