# shellcheck shell=sh
. /session-lib.sh
await curl -sf web:8080/hello
for pair in hello=hello stream=static socket=static name=known peer=agrees async=1 refused=111 file=kept exec=child; do
  expect "${pair%=*}" "${pair#*=}" curl -s "web:8080/${pair%=*}"
done
expect 'REMOTE_ADDR' "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }')" curl -s web:8080/remote
expect '1 MB posted' 1048576 sh -c 'curl -s --data-binary @/srv/www/large web:8080/post'
expect 'every child takes part' 4 sh -c 'seq 60 | xargs -P 8 -I N sh -c "echo \$(curl -s web:8080/pid)" | sort -u | wc -l'
expect '200 requests, 20 at a time' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" web:8080/hello | grep -c 200'
finish
