# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh

listening web 8000
listening web2 8000
listening proxy 8080 8081 8082 8083
await sh -c 'curl -s "proxy:8083/stats;csv" | grep "^both,dead" | grep -q DOWN'
await sh -c '[ "$(curl -s "proxy:8083/stats;csv" | grep -E "^both,(one|two)" | grep -c ,UP,)" = 2 ]'
http_session proxy:8080
expect 'TCP mode on a dual-stack listener' hello curl -s proxy:8081/hello
expect '200 connections in TCP mode' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" proxy:8081/hello | grep -c 200'
expect 'a server that refuses connections' 503 curl -s -o /dev/null -w '%{http_code}' proxy:8082/hello
expect 'both servers were used' 2 sh -c \
  'curl -s "proxy:8083/stats;csv" | awk -F, "\$1 == \"both\" && (\$2 == \"one\" || \$2 == \"two\") && \$8 > 20" | wc -l'
finish
