# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
http_session server:8000
echo restart | nc -w 1 server 9999
expect '100 requests around a graceful restart' 100 sh -c \
  'seq 100 | xargs -P 4 -I N curl -s -o /dev/null -w "%{http_code}\n" server:8000/hello | grep -c 200'
finish
