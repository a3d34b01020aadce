# shellcheck shell=sh
. /session-lib.sh
listening server 7000
expect 'curl' hello curl -s -d hello server:7000/
expect 'curl, 200 requests, 20 at a time' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" -d hello server:7000/ | grep -c 200'
expect 'curl, 1 MB' 1048576 sh -c 'curl -s --data-binary @/srv/www/large server:7000/ | wc -c'
timeout 40 echo-go ask server:7000
finish
