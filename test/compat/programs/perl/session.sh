# shellcheck shell=sh
. /session-lib.sh
listening server 7000
await curl -sf web:8000/hello
timeout 30 perl /client.pl
finish
