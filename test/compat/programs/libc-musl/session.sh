# shellcheck shell=sh
. /session-lib.sh
listening server 7000
timeout 30 echo-musl ask server 7000 60
finish
